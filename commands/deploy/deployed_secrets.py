"""The installation's secrets, read by gcloud: whoever deploys is logged in there, and need not log in twice."""

from __future__ import annotations

from commands.deploy.gcloud import Gcloud, GcloudRefused
from services.errors import SecretUnusable
from services.secret_store import SecretStore


class _GcloudSecrets:
    """A source of secrets: their names here stand after `prefix` in the project."""

    is_far = True

    def __init__(self, gcloud: Gcloud, prefix: str) -> None:
        self._gcloud = gcloud
        self._prefix = prefix

    def newest(self, name: str, pinned: int | None) -> tuple[bytes, int]:
        """Return the value of the newest version, or of the pinned one."""
        version = str(pinned or "latest")
        try:
            value = self._gcloud.text("secrets", "versions", "access", version, f"--secret={self._prefix}{name}")
        except GcloudRefused as error:
            raise SecretUnusable(error.detail) from error
        return value.encode(), pinned or 0

    def before(self, _name: str, _number: int) -> bytes | None:
        """Return nothing: the newest is what is checked."""
        return None

    def stamp(self) -> object:
        """Return nothing: time alone tells."""
        return None


def deployed_secrets(gcloud: Gcloud, name: str) -> SecretStore:
    """Return the secrets of the installation of that name."""
    return SecretStore(_GcloudSecrets(gcloud, f"{name}-"))
