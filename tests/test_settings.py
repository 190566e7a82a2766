"""The settings: read together, and every mistake named."""

from __future__ import annotations

import phonenumbers
import pytest

from schemas.countries import COUNTRIES
from services.errors import InvalidSettings
from services.settings import is_safe_url, read_settings

ONLINE = {
    "SUPEROFFICE_URL": "https://online.superoffice.com",
    "SUPEROFFICE_TENANT": "Cust1",
    "SECRETS": "gcp://p",
    "LEDGER": "sqlite:x.db",
}
ONSITE = {
    "SUPEROFFICE_URL": "https://crm.example.com/SO/api/v1/",
    "SUPEROFFICE_LOGIN": "basic",
    "SECRETS": "dir:/x",
    "LEDGER": "sqlite:x.db",
}


def test_the_defaults_are_those_that_are_documented():
    """Three settings are enough online."""
    settings = read_settings(ONLINE)

    assert (settings.superoffice_login, settings.superoffice_language) == ("system-user", "en")
    assert (settings.superoffice_calls_per_second, settings.hooks) == (10, "hooks.yaml")
    assert settings.google_project == "p"


def test_an_onsite_address_needs_no_tenant():
    """The address is the WebAPI itself, with or without a slash at its end."""
    settings = read_settings(ONSITE)

    assert settings.is_onsite
    assert settings.superoffice_url == "https://crm.example.com/SO/api/v1"


def test_every_mistake_is_named_in_one_message():
    """Nobody has to mend them one by one."""
    with pytest.raises(InvalidSettings) as raised:
        read_settings({"SUPEROFFICE_URL": "http://example.com", "SUPEROFFICE_CALLS_PER_SECOND": "-1", "THREADS": "x"})

    for name in ("SUPEROFFICE_URL", "SUPEROFFICE_CALLS_PER_SECOND", "SECRETS", "THREADS"):
        assert name in raised.value.detail


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"SUPEROFFICE_LOGIN": "basic"}, "SUPEROFFICE_LOGIN"),
        ({"SUPEROFFICE_LOGIN": "password"}, "SUPEROFFICE_LOGIN"),
        ({"SUPEROFFICE_TENANT": ""}, "SUPEROFFICE_TENANT"),
        ({"SUPEROFFICE_URL": "online.superoffice.com"}, "SUPEROFFICE_URL"),
        ({"PUBLIC_URL": "hooks.example.com"}, "PUBLIC_URL"),
        ({"SECRETS": "  "}, "SECRETS"),
        ({"COUNTRY": "XX"}, "COUNTRY"),
        ({"COUNTRY": "Norway"}, "COUNTRY"),
        ({"SUPEROFFICE_TENANT": "Cust1/../Cust2"}, "SUPEROFFICE_TENANT"),
        ({"RETRY_DELAY": "nan"}, "RETRY_DELAY"),
        ({"RETRY_DAYS": "inf"}, "RETRY_DAYS"),
        ({"INVOKER": "me@example.com"}, "PUBLIC_URL"),
        ({"K_SERVICE": "webhook"}, "LEDGER"),
    ],
)
def test_a_wrong_setting_is_named(changed, name):
    """The message begins with the variable's own name."""
    with pytest.raises(InvalidSettings) as raised:
        read_settings({**ONLINE, **changed})

    assert raised.value.detail.startswith(f"{name}: ")
    assert "nan" not in raised.value.detail


def test_a_mistake_in_one_setting_does_not_hide_one_in_two():
    """What two settings must agree on is looked at also where a third is wrong."""
    with pytest.raises(InvalidSettings) as raised:
        read_settings({**ONLINE, "THREADS": "x", "K_SERVICE": "webhook", "SUPEROFFICE_LOGIN": "basic"})

    assert [name for name in ("LEDGER: ", "SUPEROFFICE_LOGIN: ", "THREADS: ") if name not in raised.value.detail] == []


@pytest.mark.parametrize(
    ("changed", "country"),
    [
        ({"SUPEROFFICE_CULTURE": "nb-NO"}, "NO"),
        ({"SUPEROFFICE_CULTURE": "zh-Hans-CN"}, "CN"),
        ({"SUPEROFFICE_CULTURE": "en-001"}, ""),
        ({"SUPEROFFICE_CULTURE": "en"}, ""),
        ({"SUPEROFFICE_CULTURE": "en-US", "COUNTRY": "no"}, "NO"),
    ],
)
def test_the_country_is_that_of_the_culture(changed, country):
    """Without COUNTRY it is the culture's, where that names one."""
    assert read_settings({**ONLINE, **changed}).country == country


def test_the_countries_are_those_with_phone_numbers():
    """The list is the library's own."""
    assert phonenumbers.SUPPORTED_REGIONS == COUNTRIES


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://example.com", True),
        ("http://127.0.0.1:8090", True),
        ("http://[::1]:8090", True),
        ("http://localhost", True),
        ("http://example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("ftp://127.0.0.1", False),
        ("https://", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_secrets_go_over_https_or_stay_on_the_machine(url, safe):
    """A ticket never travels in the open."""
    assert is_safe_url(url) is safe
