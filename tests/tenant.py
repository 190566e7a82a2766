"""A directory of the sandbox's tenant, and short ways to say who is looked for."""

from __future__ import annotations

import pytest
import yaml

from services.deadline import Deadline
from services.errors import Refused
from services.mapping import MappedRelation, Party, Selector
from services.secret_store import open_store
from services.settings import read_settings
from services.superoffice.client import WebApi
from services.superoffice.directory import Directory
from services.superoffice.resolving import resolve

US = Party(company=(Selector("id", 4),))
SEARCH = "GetArchiveListByColumns"
CREATE = frozenset({"source.company", "source.person"})


def selectors(**given):
    """Make the selectors of a company or a person, in the order written; each came from a field `the_<kind>`."""
    return tuple(Selector(kind, value, (f"the_{kind}",)) for kind, value in given.items())


def company(**given):
    """Make a party that is a company."""
    return Party(company=selectors(**given))


def person(of=None, **given):
    """Make a party that is a person, in the company `of`, or alone."""
    return Party(company=selectors(**(of or {})), person=selectors(**given))


def soon():
    """Give a deadline that is far off for a call to this machine."""
    return Deadline.after(10)


def meet(directory, source, destination=US, definition="Recommends", create=frozenset(), **more):
    """Resolve a relation from one party to another."""
    mapped = MappedRelation(definition, source, destination, **more)
    return resolve(mapped, directory, soon(), may_create=create)


def open_directory(folder, settings, secrets, **options):
    """Open the tenant of these settings, its secrets in a file of the folder."""
    path = folder / "secrets.yaml"
    path.write_text(yaml.safe_dump(secrets))
    path.chmod(0o600)
    known = read_settings({**settings, "SECRETS": f"file:{path}", "LEDGER": f"sqlite:{folder}/ledger.db"})
    return Directory(WebApi(known, open_store(known.secrets)), **{"country": "NO", **options})


def refused(directory, *parties, **more):
    """Resolve what cannot be resolved, and return the error."""
    with pytest.raises(Refused) as caught:
        meet(directory, *parties, **more)
    return caught.value
