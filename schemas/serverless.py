"""What serverless.yaml says, the Serverless Framework's part of each function and Google's part put together.

The framework's keys: https://github.com/serverless/serverless-google-cloudfunctions
Google's, under `custom`: schemas/serverless_google.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from schemas.serverless_google import Alert, Build, CustomSchema, Database, Exclusion, Queue, Schedule
from schemas.strict import Strict

NAME = r"[a-z][a-z0-9-]*\Z"


@dataclass(frozen=True)
class Function:
    """One deployed function. `environment` holds the provider's variables and its own; memory is in MiB."""

    name: str
    target: str
    runtime: str
    memory: int
    timeout_seconds: int
    cpu: str
    concurrency: int
    min_instances: int
    max_instances: int
    ingress: str
    service_account: str
    invokers: tuple[str, ...]
    secrets: tuple[str, ...]
    secrets_of_hooks: bool
    environment: Mapping[str, str]

    @property
    def is_public(self) -> bool:
        """Whether everybody may call it."""
        return "allUsers" in self.invokers


@dataclass(frozen=True)
class Deployment:
    """All of serverless.yaml. `uploads` are the framework's patterns of what goes into the package."""

    service: str
    project: str
    region: str
    uploads: tuple[str, ...]
    functions: Mapping[str, Function]
    invoker: str
    addresses: Mapping[str, str]
    services: tuple[str, ...]
    build: Build
    database: Database
    queue: Queue
    schedule: Schedule
    exclusion: Exclusion
    alert: Alert


def read_deployment(written: Any) -> Deployment:
    """Read serverless.yaml as YAML gives it; raise ValidationError with one line, path first, for each mistake."""
    try:
        deployment: Deployment = _Serverless().load(written)
    except ValidationError as error:
        raise ValidationError(list(_lines(error.messages))) from error
    return deployment


def _lines(messages: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    if not isinstance(messages, Mapping):
        yield from (f"{'.'.join(path) or 'serverless.yaml'}: {message}" for message in messages)
        return
    for key, below in messages.items():
        ours = key in {"key", "value", "_schema"}  # marshmallow's words for a Dict's two sides and for the whole
        yield from _lines(below, path if ours else (*path, str(key)))


def _environment() -> fields.Dict:
    """Make a field for variables; YAML reads an unquoted 80 as a number, which the framework refuses."""
    value = fields.String(required=True, error_messages={"invalid": "This must be text: put it in quotes."})
    return fields.Dict(keys=fields.String(), values=value, load_default=dict)


class _Provider(Strict):
    name = fields.String(required=True, validate=validate.Equal("google"))
    project = fields.String(required=True)
    region = fields.String(required=True)
    runtime = fields.String(required=True, validate=validate.Regexp(r"python3[0-9]+\Z"))
    environment = _environment()


class _Http(Strict):
    http = fields.String(required=True)


class _Function(Strict):
    handler = fields.String(required=True, validate=validate.Regexp(r"[a-z_]+\Z"))
    events = fields.List(fields.Nested(_Http), required=True, validate=validate.Length(equal=1))
    memory_size = fields.Integer(
        data_key="memorySize", required=True, strict=True, validate=validate.OneOf([256, 512, 1024, 2048])
    )
    timeout = fields.String(required=True, validate=validate.Regexp(r"[0-9]+s\Z"))
    service_account_email = fields.String(data_key="serviceAccountEmail", required=True)
    environment = _environment()


class _Package(Strict):
    patterns = fields.List(fields.String(), required=True)


class _Serverless(Strict):
    service = fields.String(required=True, validate=validate.Regexp(NAME))
    framework_version = fields.String(data_key="frameworkVersion", required=True, validate=validate.Equal("3"))
    config_validation_mode = fields.String(
        data_key="configValidationMode", required=True, validate=validate.Equal("error")
    )
    plugins = fields.List(fields.String(), required=True)
    provider = fields.Nested(_Provider, required=True)
    functions = fields.Dict(
        keys=fields.String(validate=validate.Regexp(NAME)), values=fields.Nested(_Function), required=True
    )
    custom = fields.Nested(CustomSchema, required=True)
    package = fields.Nested(_Package, required=True)

    @validates_schema
    def check_both_parts(self, loaded: Mapping[str, Any], **_kwargs: Any) -> None:
        """Refuse a function that only one of the two parts knows."""
        one_sided = loaded["functions"].keys() ^ loaded["custom"]["functions"].keys()
        if one_sided:
            raise ValidationError({"functions": {name: ["It must also be in custom.functions."] for name in one_sided}})

    @post_load
    def build(self, loaded: Mapping[str, Any], **_kwargs: Any) -> Deployment:
        """Put both parts of each function together."""
        provider = loaded["provider"]
        service, google = loaded["service"], loaded["custom"].pop("functions")
        return Deployment(
            service=service,
            project=provider["project"],
            region=provider["region"],
            uploads=tuple(loaded["package"]["patterns"]),
            functions={
                name: _join(f"{service}-{name}", provider, function, google[name])
                for name, function in loaded["functions"].items()
            },
            **loaded["custom"],
        )


def _join(name: str, provider: Mapping[str, Any], function: Mapping[str, Any], google: Mapping[str, Any]) -> Function:
    config = google["service_config"]
    return Function(
        name=name,
        target=function["handler"],
        runtime=provider["runtime"],
        memory=function["memory_size"],
        timeout_seconds=int(function["timeout"].removesuffix("s")),
        cpu=config["available_cpu"],
        concurrency=config["max_instance_request_concurrency"],
        min_instances=config["min_instance_count"],
        max_instances=config["max_instance_count"],
        ingress=config["ingress_settings"],
        service_account=function["service_account_email"],
        invokers=tuple(google["invokers"]),
        secrets=tuple(google["secrets"]),
        secrets_of_hooks=google["secrets_of_hooks"],
        environment={**provider["environment"], **function["environment"]},
    )
