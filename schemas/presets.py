"""A sender's preset, as data that reads like documentation: what it sends, how it proves itself, where to click."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from marshmallow import ValidationError, fields, post_load, validate

from schemas.packing import PackingSchema
from schemas.strict import Strict, one_of, required, text
from schemas.verification import FORMS

ACKNOWLEDGE = ("accepted", "always")


class Preset(NamedTuple):
    """One tool. `verify` and `unpack` are as written: a hook may overlay them key by key before they are read.

    `sends`, `proof` and `refusals` are sentences for people, `setup` the steps in the tool.
    """

    name: str
    title: str
    sends: str
    proof: str
    setup: tuple[str, ...]
    refusals: str
    verify: Any
    unpack: Mapping[str, Any]
    answer_within: float
    acknowledge: str


class PresetSchema(Strict):
    """The keys of one preset, in the presets of the project and in a user's senders.yaml."""

    title = text(**required("title: the tool's own name"))
    sends = text(load_default="")
    proof = text(load_default="")
    setup = fields.List(fields.String(), load_default=[])
    refusals = text(load_default="")
    verify = fields.Raw()
    unpack = fields.Dict(load_default={})
    answer_within = fields.Float(
        load_default=4.0, validate=validate.Range(1, 300, error="This is a number of seconds, from 1 to 300.")
    )
    acknowledge = one_of(*ACKNOWLEDGE)

    @post_load
    def build(self, loaded: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        """Try the parts that hooks overlay, so that a mistake is found in the preset and not in every hook."""
        try:
            PackingSchema().load(loaded["unpack"])
        except ValidationError as error:
            raise ValidationError({"unpack": error.messages}) from error
        verify = loaded.setdefault("verify", None)
        if isinstance(verify, Mapping) and not FORMS.keys() & verify.keys():
            raise ValidationError({"verify": [f"Say how this tool proves itself: {', '.join(FORMS)}."]})
        return {**loaded, "setup": tuple(loaded["setup"])}


def load_preset(name: str, written: Any) -> Preset:
    """Read one preset; raise ValidationError with the path of each mistake."""
    return Preset(name=name, **PresetSchema().load(written))
