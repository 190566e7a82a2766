"""New versions of secrets in Google Secret Manager, with Google's own client.

https://cloud.google.com/secret-manager/docs/add-secret-version
https://cloud.google.com/secret-manager/docs/disable-secret-version
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from services.errors import SecretUnusable
from services.google_calls import is_outage
from services.google_secrets import GoogleSecrets

if TYPE_CHECKING:
    from google.api_core.exceptions import GoogleAPICallError

PATIENCE = 20.0  # seconds for one call; a person waits for it
ADDER, CREATOR = "roles/secretmanager.secretVersionManager", "roles/secretmanager.admin"
_Done = TypeVar("_Done")


class GoogleWriter:
    """Adds versions; a secret that is not there yet is made."""

    takes_effect = "It takes effect within ten minutes; after a failed proof or a refused login within 30 seconds."

    def __init__(self, source: GoogleSecrets) -> None:
        self._source = source

    def prepare(self) -> None:
        """Look whether there are credentials."""
        self._source.connect()

    def write(self, name_to_value: Mapping[str, str], *, keep: bool) -> Mapping[str, str]:  # noqa: ARG002
        """Add a version for each value that is a new one. The version before stays enabled, whatever `keep` says."""
        return {name: self._write(name, value) for name, value in name_to_value.items()}

    def end_previous(self, name: str) -> str:
        """Disable the version before the newest, where it is enabled."""
        states = self._states(name)
        newest = max(states, default=0)
        if not newest or states[newest] != "ENABLED":
            raise SecretUnusable(
                f"The newest version of the secret {name!r} is not enabled, so that the one before is not ended."
                f" Store a new one first: ./liaison secret {name}"
            )
        if states.get(newest - 1) != "ENABLED":
            return ""
        version = f"{self._source.resource(name)}/versions/{newest - 1}"
        self._call(name, ADDER, lambda client: client.disable_secret_version(name=version, timeout=PATIENCE))
        return f"version {newest - 1} is disabled; version {newest} is the newest"

    def _write(self, name: str, value: str) -> str:
        from google.api_core.exceptions import NotFound

        if self._is_newest(name, value):
            return "unchanged"
        try:
            number = self._add(name, value)
        except SecretUnusable as error:
            if not isinstance(error.__cause__, NotFound):
                raise
            self._create(name)
            number = self._add(name, value)
        return f"stored as version {number} in Secret Manager"

    def _is_newest(self, name: str, value: str) -> bool:
        """Compare, where we may read; who may only write adds a version each time."""
        try:
            return self._source.newest(name, None)[0].decode("utf-8", "replace").strip() == value.strip()
        except SecretUnusable:
            return False

    def _add(self, name: str, value: str) -> str:
        import google_crc32c

        # The checksum lets Secret Manager refuse what was damaged on its way.
        payload = {"data": value.encode(), "data_crc32c": google_crc32c.value(value.encode())}
        parent = self._source.resource(name)
        added = self._call(
            name, ADDER, lambda client: client.add_secret_version(parent=parent, payload=payload, timeout=PATIENCE)
        )
        return str(added.name.rpartition("/")[2])

    def _create(self, name: str) -> None:
        from google.api_core.exceptions import AlreadyExists

        prefix, _, secret_id = self._source.resource(name).rpartition("/")
        request = {
            "parent": prefix.removesuffix("/secrets"),
            "secret_id": secret_id,
            "secret": {} if self._source.location else {"replication": {"automatic": {}}},  # a region has its own
        }
        try:
            self._call(name, CREATOR, lambda client: client.create_secret(request=request, timeout=PATIENCE))
        except SecretUnusable as error:
            if not isinstance(error.__cause__, AlreadyExists):  # somebody made it meanwhile
                raise

    def _states(self, name: str) -> dict[int, str]:
        """Return each version's state by its number."""
        parent = self._source.resource(name)
        listed = self._call(
            name, ADDER, lambda client: list(client.list_secret_versions(parent=parent, timeout=PATIENCE))
        )
        return {int(version.name.rpartition("/")[2]): version.state.name for version in listed}

    def _call(self, name: str, role: str, call: Callable[[Any], _Done]) -> _Done:
        from google.api_core.exceptions import GoogleAPICallError

        try:
            return call(self._source.connect())
        except GoogleAPICallError as error:
            if is_outage(error):
                raise self._source.down(error) from error
            raise self._refusal(name, role, error) from error

    def _refusal(self, name: str, role: str, error: GoogleAPICallError) -> SecretUnusable:
        from google.api_core.exceptions import PermissionDenied

        if isinstance(error, PermissionDenied) and error.reason != "SERVICE_DISABLED":
            project = self._source.project
            return SecretUnusable(
                f"Secret Manager does not let us store the secret {name!r}. Grant {role}:"
                f" gcloud projects add-iam-policy-binding {project} --role={role} --member=user:YOUR-EMAIL"
            )
        return self._source.unusable(name, "latest", error)
