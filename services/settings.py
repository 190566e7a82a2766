"""The settings: environment variables, read once, on the first request, and checked together."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from marshmallow import (
    EXCLUDE,
    Schema,
    ValidationError,
    fields,
    post_load,
    validate,
    validates,
    validates_schema,
)

from schemas.countries import COUNTRIES
from services.errors import InvalidSettings

HOOKS_FILE = "hooks.yaml"
ONSITE_PATH = "/api/v1"
LOGINS = ("system-user", "refresh-token", "basic", "ticket")
ONLINE_LOGINS = ("system-user", "refresh-token", "ticket")
ONSITE_LOGINS = ("basic", "ticket")
_REQUIRED: dict[str, Any] = {"required": "This setting is required."}


class Settings(NamedTuple):
    """What the operator decided. `threads` is also the size of the connection pool."""

    superoffice_url: str
    superoffice_tenant: str
    superoffice_login: str
    superoffice_language: str
    superoffice_culture: str
    superoffice_time_zone: str
    superoffice_calls_per_second: int
    country: str
    secrets: str
    ledger: str
    queue: str
    invoker: str
    hooks: str
    public_url: str
    retry_delay: float
    retry_days: float
    retain_days: float
    retain_refused_days: float
    threads: int
    cloud_run_service: str

    @property
    def environment(self) -> str:
        """What a delivery belongs to, and never leaves: SuperOffice's address and the tenant there."""
        return f"{self.superoffice_url} {self.superoffice_tenant}".strip()

    @property
    def is_on_cloud_run(self) -> bool:
        """Whether Google's IAM stands in front, and the disk is an instance's memory."""
        return bool(self.cloud_run_service)

    @property
    def is_onsite(self) -> bool:
        """Whether `superoffice_url` is itself the WebAPI's base; online, the tenant's state tells it."""
        return self.superoffice_url.endswith(ONSITE_PATH)

    @property
    def google_project(self) -> str | None:
        """The project that holds the secrets, and with it the logs' traces."""
        location = urlsplit(self.secrets)
        return location.netloc if location.scheme == "gcp" else None


def _number(name: str, default: float, unit: str, *, least: int) -> fields.Float:
    """Make the field of a time that may have a fraction."""
    wrong = f"This is a number of {unit}, {least} or more, such as {default:g}."
    return fields.Float(
        data_key=name,
        load_default=default,
        validate=validate.Range(least, 36_500 * 86_400, error=wrong),
        error_messages={"invalid": wrong, "special": wrong, "too_large": wrong},
    )


class SettingsSchema(Schema):
    """The environment variables that are read; all others are left alone."""

    class Meta:
        """An environment is full of variables that are not ours."""

        unknown = EXCLUDE

    superoffice_url = fields.String(data_key="SUPEROFFICE_URL", required=True, error_messages=_REQUIRED)
    superoffice_tenant = fields.String(
        data_key="SUPEROFFICE_TENANT",
        load_default="",
        validate=validate.Regexp(r"[A-Za-z0-9]+\Z", error="This is a name of letters and digits, such as Cust26759."),
    )
    superoffice_login = fields.String(
        data_key="SUPEROFFICE_LOGIN",
        load_default="system-user",
        validate=validate.OneOf(LOGINS, error="This is one of {choices}."),
    )
    superoffice_language = fields.String(data_key="SUPEROFFICE_LANGUAGE", load_default="en")
    superoffice_culture = fields.String(data_key="SUPEROFFICE_CULTURE", load_default="")
    superoffice_time_zone = fields.String(data_key="SUPEROFFICE_TIME_ZONE", load_default="")
    superoffice_calls_per_second = fields.Integer(
        data_key="SUPEROFFICE_CALLS_PER_SECOND",
        load_default=10,
        validate=validate.Range(0, error="This is a number of calls; 0 is no limit."),
        error_messages={"invalid": "This is a whole number of calls, such as 10; 0 is no limit."},
    )
    country = fields.String(
        data_key="COUNTRY",
        load_default="",
    )
    secrets = fields.String(data_key="SECRETS", required=True, error_messages=_REQUIRED)
    ledger = fields.String(data_key="LEDGER", required=True, error_messages=_REQUIRED)
    queue = fields.String(data_key="QUEUE", load_default="")
    invoker = fields.String(data_key="INVOKER", load_default="")
    hooks = fields.String(data_key="HOOKS", load_default=HOOKS_FILE)
    public_url = fields.String(data_key="PUBLIC_URL", load_default="")
    retry_delay = _number("RETRY_DELAY", 30.0, "seconds", least=0)
    retry_days = _number("RETRY_DAYS", 7.0, "days", least=0)
    retain_days = _number("RETAIN_DAYS", 30.0, "days", least=1)
    retain_refused_days = _number("RETAIN_REFUSED_DAYS", 90.0, "days", least=1)
    cloud_run_service = fields.String(data_key="K_SERVICE", load_default="")
    threads = fields.Integer(
        data_key="THREADS",
        load_default=10,
        validate=validate.Range(1, error="This is 1 or more."),
        error_messages={"invalid": "This is a whole number of threads, such as 80."},
    )

    @validates("superoffice_url")
    def check_superoffice_url(self, value: str, **_: Any) -> None:
        """Refuse what is not an https address: a ticket must not travel in the open."""
        if not is_safe_url(value):
            raise ValidationError(
                "This is an https:// address, such as https://online.superoffice.com (or http:// on loopback)."
            )

    @validates("country")
    def check_country(self, value: str, **_: Any) -> None:
        """Refuse what no phone number can belong to."""
        if value and value.upper() not in COUNTRIES:
            raise ValidationError("This is a country's code of two letters (ISO 3166), such as NO.")

    @validates("invoker")
    def check_invoker(self, value: str, **_: Any) -> None:
        """Refuse what is no account."""
        if value and "@" not in value:
            raise ValidationError(
                "This is a service account's e-mail, such as liaison-invoker@my-project.iam.gserviceaccount.com."
            )

    @validates_schema(skip_on_field_errors=False)
    def check_place(self, loaded: dict[str, Any], **_: Any) -> None:
        """Refuse a ledger on a disk that ends with its instance; elsewhere, an invoker that could not be proven."""
        if loaded.get("cloud_run_service"):
            if loaded.get("ledger", "").startswith("sqlite:"):
                raise ValidationError(
                    "A file does not last here: on Cloud Run write firestore://my-project/liaison.", "LEDGER"
                )
        elif loaded.get("invoker") and loaded.get("public_url") == "":
            raise ValidationError(
                "This is required with INVOKER: the caller's identity token is made for that address.", "PUBLIC_URL"
            )

    @validates("public_url")
    def check_public_url(self, value: str, **_: Any) -> None:
        """Refuse what no sender can have called."""
        if value and not urlsplit(value).netloc:
            raise ValidationError("This is the address that senders call, such as https://hooks.example.com.")

    @validates_schema(skip_on_field_errors=False)
    def check_login(self, loaded: dict[str, Any], **_: Any) -> None:
        """Refuse a login that this kind of installation does not know, and a tenant that is missing."""
        if "superoffice_url" not in loaded:
            return  # which is said already
        onsite = loaded["superoffice_url"].rstrip("/").endswith(ONSITE_PATH)
        known = ONSITE_LOGINS if onsite else ONLINE_LOGINS
        mistakes = {}
        if loaded.get("superoffice_login", known[0]) not in known:
            where = "An onsite installation takes" if onsite else "SuperOffice Online takes"
            mistakes["SUPEROFFICE_LOGIN"] = [f"{where} {' or '.join(known)}."]
        if not onsite and loaded.get("superoffice_tenant") == "":
            mistakes["SUPEROFFICE_TENANT"] = ["This is required, such as Cust26759, unless SuperOffice is onsite."]
        if mistakes:
            raise ValidationError(mistakes)

    @post_load
    def build(self, loaded: dict[str, Any], **_: Any) -> Settings:
        """Freeze them, addresses without a slash at the end; a culture such as nb-NO tells the country."""
        addresses = {name: loaded[name].rstrip("/") for name in ("superoffice_url", "public_url")}
        region = loaded["superoffice_culture"].rpartition("-")[2].upper()
        country = loaded["country"].upper() or (region if region in COUNTRIES else "")
        return Settings(**{**loaded, **addresses, "country": country})


SETTINGS_NAMES = frozenset(field.data_key or "" for field in SettingsSchema().fields.values())


def given_settings(environ: Mapping[str, str] = os.environ) -> Mapping[str, str]:
    """Return the settings as they are written; an empty variable counts as none."""
    return {name: value.strip() for name, value in environ.items() if name in SETTINGS_NAMES and value.strip()}


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; raise InvalidSettings naming every mistake."""
    try:
        settings: Settings = SettingsSchema().load(given_settings(environ))
    except ValidationError as error:
        mistakes = (f"{name}: {messages[0]}" for name, messages in sorted(error.messages_dict.items()))
        raise InvalidSettings(" ".join(mistakes)) from error
    return settings


def is_safe_url(url: str) -> bool:
    """Tell whether a secret may be sent there: https anywhere, http on this machine alone."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(host)
    return parts.scheme == "http" and (host == "localhost" or _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
