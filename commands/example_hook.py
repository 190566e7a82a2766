"""A hook for one sender, ready to be pasted into hooks.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml
from marshmallow import ValidationError

from schemas.presets import Preset
from schemas.verification import Verification, VerificationField, merge_verification, secret_names

NAMES_THE_FIELDS = "superoffice-entity"  # its bodies have SuperOffice's own fields, so there is nothing to map

RELATION = """\
  # Which relation it becomes. Without these lines the body itself must name SuperOffice's fields (SourceContactId, …).
  relation:
    definition: Partner of                  # what they are to each other, as SuperOffice calls it
    source: {company: {name: "{company}"}}  # company stands for a field of yours: `./liaison try` lists them
    destination: {company: {id: 4}}         # the same company each time
"""


def example_hook(preset: Preset, name: str, url: str) -> tuple[str, tuple[str, ...]]:
    """Return the lines of a hook called `name` at `url`, and the names of the secrets that it needs."""
    own, verification = _proof(preset, url)
    lines = [f"{name}:\n", f"  from: {preset.name}\n"]
    if own is not None:
        lines.append("  verify: " + yaml.safe_dump(own, default_flow_style=True, sort_keys=False, width=1000))
    if preset.name != NAMES_THE_FIELDS:
        lines.append(RELATION)
    return "".join(lines), secret_names(verification)


def _proof(preset: Preset, url: str) -> tuple[Any, Verification]:
    """Return what the hook itself has to say under `verify` (None: nothing), and what that comes to."""
    for own in _candidates(preset, url):
        try:
            verification: Verification = VerificationField().deserialize(merge_verification(preset.verify, own))
        except ValidationError:
            continue
        return own, verification
    raise ValueError(preset.name)  # a header is a proof for any sender


def _candidates(preset: Preset, url: str) -> Iterator[Any]:
    """Give what may complete the preset, the shortest first."""
    secret = f"{preset.name}-key"
    if preset.verify is not None:
        yield None
        yield {"secret": secret}
        for form in ("bearer", "basic"):
            if form in preset.verify:
                yield {form: secret}
        if "oidc" in preset.verify:
            yield {"oidc": {"audience": url, "email": "caller@my-project.iam.gserviceaccount.com"}}
    yield {"header": "X-Api-Key", "secret": secret}
