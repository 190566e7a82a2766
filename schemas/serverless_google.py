"""What stands under `custom` in serverless.yaml: what the Serverless Framework does not know, in Google's own words.

Functions: https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions
Queues: https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues
Jobs: https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs
Databases: https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from marshmallow import fields, post_load, validate

from schemas.strict import Strict


class Build(NamedTuple):
    """Who builds the functions, and the roles in the project that it needs for that."""

    service_account: str
    roles: tuple[str, ...]


class Database(NamedTuple):
    """The ledger's database in Firestore. `expiries`: collection group and field that tells when a document ends."""

    name: str
    location: str
    type: str
    expiries: tuple[tuple[str, str], ...]


class Queue(NamedTuple):
    """The queue of deliveries. `rate` is in dispatches a second; durations are as Google writes them: `30s`."""

    name: str
    rate: float
    concurrent: int
    retry: Mapping[str, int | str]


class Schedule(NamedTuple):
    """When the scheduler calls, whom, and as who."""

    name: str
    schedule: str
    time_zone: str
    attempt_deadline: str
    uri: str
    method: str
    service_account: str
    audience: str


class Exclusion(NamedTuple):
    """What is left out of the project's log."""

    name: str
    filter: str


class Alert(NamedTuple):
    """Which lines of the log mean that something waits for an operator."""

    name: str
    filter: str


def _text() -> fields.String:
    return fields.String(required=True, validate=validate.Length(min=1))


def _seconds(key: str) -> fields.String:
    seconds = validate.Regexp(r"[0-9]+s\Z", error="This is a number of seconds, such as 30s.")
    return fields.String(data_key=key, required=True, validate=seconds)


def _whole(key: str, *, least: int, most: int | None = None) -> fields.Integer:
    return fields.Integer(data_key=key, required=True, strict=True, validate=validate.Range(least, most))


def _account(key: str) -> fields.String:
    email = validate.Regexp(r"\S+@\S+\Z", error="This is the e-mail address of a service account.")
    return fields.String(data_key=key, required=True, validate=email)


class _ServiceConfig(Strict):
    available_cpu = fields.String(data_key="availableCpu", required=True)
    max_instance_request_concurrency = _whole("maxInstanceRequestConcurrency", least=1, most=1000)
    min_instance_count = _whole("minInstanceCount", least=0)
    max_instance_count = _whole("maxInstanceCount", least=1)
    ingress_settings = fields.String(
        data_key="ingressSettings",
        required=True,
        validate=validate.OneOf(["ALLOW_ALL", "ALLOW_INTERNAL_ONLY", "ALLOW_INTERNAL_AND_GCLB"]),
    )


class _Function(Strict):
    environment = fields.String(required=True, validate=validate.Equal("GEN_2"))
    service_config = fields.Nested(_ServiceConfig, data_key="serviceConfig", required=True)
    invokers = fields.List(fields.String(), required=True)
    secrets = fields.List(
        fields.String(
            validate=validate.Regexp(
                r"[a-z][a-z0-9-]*(@[0-9]+)?\Z",
                error="This must be a secret's name, such as liaison-api-key; never its value.",
            )
        ),
        required=True,
    )
    secrets_of_hooks = fields.Boolean(data_key="secretsOfHooks", required=True)


class _Build(Strict):
    service_account = _account("serviceAccount")
    roles = fields.List(fields.String(validate=validate.Regexp(r"roles/[a-zA-Z.]+\Z")), required=True)

    @post_load
    def build(self, loaded: Mapping[str, Any], **_kwargs: Any) -> Build:
        return Build(loaded["service_account"], tuple(loaded["roles"]))


_FIELD = re.compile(r"collectionGroups/([a-z_]+)/fields/([a-z_]+)\Z")


class _Field(Strict):
    ttl_config = fields.Dict(data_key="ttlConfig", required=True, validate=validate.Length(equal=0))


class _Database(Strict):
    name = _text()
    location = fields.String(data_key="locationId", required=True)
    type = fields.String(required=True, validate=validate.Equal("FIRESTORE_NATIVE"))
    expiring = fields.Dict(
        data_key="fields",
        keys=fields.String(validate=validate.Regexp(_FIELD, error="This is collectionGroups/…/fields/….")),
        values=fields.Nested(_Field),
        required=True,
    )

    @post_load
    def build(self, loaded: dict[str, Any], **_kwargs: Any) -> Database:
        found = map(_FIELD.fullmatch, loaded.pop("expiring"))
        return Database(**loaded, expiries=tuple((each[1], each[2]) for each in found if each))


class _RateLimits(Strict):
    rate = fields.Float(data_key="maxDispatchesPerSecond", required=True, validate=validate.Range(0.01, 500))
    concurrent = _whole("maxConcurrentDispatches", least=1, most=5000)


class _RetryConfig(Strict):
    max_attempts = _whole("maxAttempts", least=-1)
    max_retry_duration = _seconds("maxRetryDuration")
    min_backoff = _seconds("minBackoff")
    max_backoff = _seconds("maxBackoff")
    max_doublings = _whole("maxDoublings", least=0)


class _Queue(Strict):
    name = _text()
    limits = fields.Nested(_RateLimits, data_key="rateLimits", required=True)
    retry = fields.Nested(_RetryConfig, data_key="retryConfig", required=True)

    @post_load
    def build(self, loaded: Mapping[str, Any], **_kwargs: Any) -> Queue:
        return Queue(loaded["name"], **loaded["limits"], retry=loaded["retry"])


class _OidcToken(Strict):
    service_account = _account("serviceAccountEmail")
    audience = _text()


class _HttpTarget(Strict):
    uri = fields.String(required=True, validate=validate.Regexp(r"https://\S+\Z"))
    method = fields.String(data_key="httpMethod", required=True, validate=validate.OneOf(["POST", "GET"]))
    token = fields.Nested(_OidcToken, data_key="oidcToken", required=True)


class _Schedule(Strict):
    name = _text()
    schedule = _text()
    time_zone = fields.String(data_key="timeZone", required=True)
    attempt_deadline = _seconds("attemptDeadline")
    target = fields.Nested(_HttpTarget, data_key="httpTarget", required=True)

    @post_load
    def build(self, loaded: dict[str, Any], **_kwargs: Any) -> Schedule:
        target = loaded.pop("target")
        return Schedule(**loaded, uri=target["uri"], method=target["method"], **target["token"])


class _Exclusion(Strict):
    name = _text()
    filter = _text()

    @post_load
    def build(self, loaded: Mapping[str, Any], **_kwargs: Any) -> Exclusion:
        return Exclusion(**loaded)


class _Alert(Strict):
    name = _text()
    filter = _text()

    @post_load
    def build(self, loaded: Mapping[str, Any], **_kwargs: Any) -> Alert:
        return Alert(**loaded)


class CustomSchema(Strict):
    """All that stands under `custom`."""

    invoker = _account("invoker")
    addresses = fields.Dict(keys=fields.String(), values=_text(), required=True)
    services = fields.List(fields.String(validate=validate.Regexp(r"[a-z]+\.googleapis\.com\Z")), required=True)
    build = fields.Nested(_Build, required=True)
    functions = fields.Dict(keys=fields.String(), values=fields.Nested(_Function), required=True)
    database = fields.Nested(_Database, required=True)
    queue = fields.Nested(_Queue, required=True)
    schedule = fields.Nested(_Schedule, required=True)
    exclusion = fields.Nested(_Exclusion, required=True)
    alert = fields.Nested(_Alert, required=True)
