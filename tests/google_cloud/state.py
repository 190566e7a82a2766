"""What there is in the projects of this Google Cloud: what tests set up, and what they look at afterwards.

Resources are kept in the API's own form by their full name, for instance `projects/my-project/secrets/liaison-api-key`.
"""

from __future__ import annotations

import base64
import itertools
from dataclasses import dataclass, field
from typing import Any

PROJECT, NUMBER = "my-project", "123456789012"
REGIONS = ("europe-north1", "europe-west1", "europe-west4", "us-central1")
# What a project has enabled when it is new.
AT_FIRST = (
    "bigquery.googleapis.com",
    "cloudapis.googleapis.com",
    "cloudtrace.googleapis.com",
    "datastore.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "servicemanagement.googleapis.com",
    "serviceusage.googleapis.com",
    "storage.googleapis.com",
)
Resources = dict[str, dict[str, Any]]


@dataclass
class Project:
    """A project. `services` are the APIs that are enabled."""

    id: str
    number: str
    services: set[str] = field(default_factory=lambda: set(AT_FIRST))
    billing: bool = True


@dataclass
class Version:
    """One version of a secret: ENABLED, DISABLED or DESTROYED."""

    value: bytes
    state: str = "ENABLED"
    etag: str = ""


@dataclass
class Secret:
    """A secret in the API's form, and its versions, the first first."""

    resource: dict[str, Any]
    versions: list[Version] = field(default_factory=list)


@dataclass
class Function:
    """A function of the 2nd generation in the API's form, and the zip it was last built from."""

    resource: dict[str, Any]
    source: bytes = b""


@dataclass
class State:
    """Everything. Tests may change it between two commands."""

    projects: dict[str, Project] = field(default_factory=lambda: {PROJECT: Project(PROJECT, NUMBER)})
    accounts: Resources = field(default_factory=dict)  # by e-mail address
    policies: Resources = field(default_factory=dict)  # IAM policies by the resource's full name
    secrets: dict[str, Secret] = field(default_factory=dict)
    queues: Resources = field(default_factory=dict)
    jobs: Resources = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    run: Resources = field(default_factory=dict)  # Cloud Run services
    databases: Resources = field(default_factory=dict)
    fields: Resources = field(default_factory=dict)  # Firestore fields whose settings are their own
    indexes: Resources = field(default_factory=dict)
    sinks: Resources = field(default_factory=dict)
    metrics: Resources = field(default_factory=dict)
    alerts: Resources = field(default_factory=dict)  # Cloud Monitoring's alerting policies
    channels: Resources = field(default_factory=dict)  # and its notification channels
    uploads: dict[str, bytes] = field(default_factory=dict)  # sources that wait to be built, by object name
    operations: dict[str, Any] = field(default_factory=dict)

    denied: set[str] = field(default_factory=set)  # permissions that the caller does not have
    absent: dict[str, set[str]] = field(default_factory=dict)  # regions that an API does not have, by the API's name
    addresses: dict[str, str] = field(default_factory=dict)  # where a function answers, by its short name
    broken_builds: dict[str, str] = field(default_factory=dict)  # what the build says of a function, by its short name
    names_stay_taken: bool = False  # whether a deleted queue's name cannot be used again, as Google has it for days
    buried: set[str] = field(default_factory=set)  # those names
    own_domain_only: bool = False  # whether the organization forbids allUsers
    seconds: float = 0.0  # how long an operation takes
    counter: Any = field(default_factory=lambda: itertools.count(1))

    def number(self) -> int:
        """Return a number that nothing else has, for names and etags."""
        return next(self.counter)

    def etag(self) -> str:
        """Return a new etag, base64 as Google's are."""
        return base64.b64encode(self.number().to_bytes(8)).decode()
