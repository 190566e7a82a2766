"""Secrets in Google Secret Manager, read with Google's own client over gRPC.

https://cloud.google.com/secret-manager/docs/access-secret-version
https://cloud.google.com/secret-manager/docs/data-integrity (the CRC32C)
"""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING

from services.errors import SecretStoreDown, SecretUnusable
from services.google_calls import SCOPE, call, is_outage, is_without_token, status_of

if TYPE_CHECKING:
    from google.api_core.exceptions import GoogleAPICallError
    from google.auth.credentials import Credentials
    from google.cloud.secretmanager import AccessSecretVersionResponse, SecretManagerServiceClient

# Seconds for one secret, all repeats included. Importing and making the client (0.4 s, once) come on top.
PATIENCE = 3.0

ROLE = "roles/secretmanager.secretAccessor"
_REGIONAL = re.compile(r"secretmanager\.([a-z0-9-]+)\.rep\.googleapis\.com(?::[0-9]+)?")
_NUMBER = re.compile(r"/versions/([0-9]+)")


class GoogleSecrets:
    """The secrets of one project. The client is made at first use, so in the worker, after the fork."""

    is_far = True

    def __init__(
        self, project: str, endpoint: str | None = None, prefix: str = "", *, patience: float = PATIENCE
    ) -> None:
        """`endpoint` (host or host:port) is that of a region, or of Private Service Connect.

        `prefix` stands before each name in Secret Manager: several installations share a project.
        """
        self.project = project
        self._prefix = prefix
        regional = _REGIONAL.fullmatch(endpoint or "")
        self.location = regional[1] if regional else None
        self._endpoint = endpoint
        self._patience = patience
        self._lock = threading.Lock()
        self._client: SecretManagerServiceClient | None = None
        self._credentials: Credentials | None = None

    def __repr__(self) -> str:
        options = {"endpoint": self._endpoint, "prefix": self._prefix}
        query = "&".join(f"{name}={value}" for name, value in options.items() if value)
        return f"gcp://{self.project}" + (f"?{query}" if query else "")

    @property
    def parent(self) -> str:
        """The resource that holds the secrets; a region has its own."""
        project = f"projects/{self.project}"
        return f"{project}/locations/{self.location}" if self.location else project

    def resource(self, name: str) -> str:
        """Return the full name of a secret, for whoever reads or writes it."""
        return f"{self.parent}/secrets/{self._prefix}{name}"

    def stamp(self) -> object:
        """Return nothing: Secret Manager does not tell of a new version, so time alone does."""
        return None

    def newest(self, name: str, pinned: int | None) -> tuple[bytes, int]:
        """Return the value of the newest version (even a disabled one is that), or of the pinned one."""
        return self._read(self._prefix + name, str(pinned) if pinned else "latest")

    def before(self, name: str, number: int) -> bytes | None:
        """Return the value of the version before `number`, while there is one and it is enabled."""
        from google.api_core.exceptions import FailedPrecondition, NotFound

        if number <= 1:
            return None
        try:
            return self._read(self._prefix + name, str(number - 1))[0]
        except SecretUnusable as error:
            if isinstance(error.__cause__, NotFound | FailedPrecondition):
                return None
            raise

    def _read(self, name: str, version: str) -> tuple[bytes, int]:
        import google_crc32c

        deadline = time.monotonic() + self._patience
        for _ in range(2):  # damaged on the way: once more
            answer = self._access(name, version, deadline)
            if google_crc32c.value(answer.payload.data) == answer.payload.data_crc32c:
                number = _NUMBER.search(answer.name)
                return answer.payload.data, int(number[1]) if number else 0
        raise SecretUnusable(
            f"The secret {name!r} arrived damaged twice (its CRC32C is wrong)."
            " Try again; if it stays so, store the value as a new version."
        )

    def _access(self, name: str, version: str, deadline: float) -> AccessSecretVersionResponse:
        from google.api_core.exceptions import GoogleAPICallError

        client = self.connect()
        path = f"{self.parent}/secrets/{name}/versions/{version}"

        def access(timeout: float) -> AccessSecretVersionResponse:
            return client.access_secret_version(name=path, retry=None, timeout=timeout)

        try:
            return call(access, deadline)
        except GoogleAPICallError as error:
            raise self.down(error) if is_outage(error) else self.unusable(name, version, error) from error

    def connect(self) -> SecretManagerServiceClient:
        """Return the one client of this process."""
        with self._lock:
            if self._client is None:
                self._client = self._make_client()
            return self._client

    def _make_client(self) -> SecretManagerServiceClient:
        import google.auth
        from google.auth.exceptions import GoogleAuthError
        from google.cloud.secretmanager import SecretManagerServiceClient

        try:
            if self._credentials is None:
                self._credentials, _ = google.auth.default(scopes=[SCOPE])
            options = {"api_endpoint": self._endpoint} if self._endpoint else {}
            return SecretManagerServiceClient(credentials=self._credentials, client_options=options)
        except GoogleAuthError as error:
            raise SecretUnusable(
                "There are no Google credentials here to read secrets with."
                " On your own machine run: gcloud auth application-default login"
            ) from error

    def down(self, error: BaseException | None) -> SecretStoreDown:
        """Return the error without names, for it is told to the sender, and have the next call connect anew.

        A channel that failed tries again only after a pause that grows to two minutes, and one whose
        connection was cut off silently does not notice.
        """
        self._client = None
        if is_without_token(error):
            return SecretStoreDown(
                "Google gives no access token to read secrets with. Try again in half a minute; if it stays"
                " so, check the function's service account, or run: gcloud auth application-default login"
            )
        return SecretStoreDown(
            f"Secret Manager does not answer ({status_of(error)}). Try again in half a minute;"
            " if it stays so, look at https://status.cloud.google.com and check SECRETS."
        )

    def unusable(self, name: str, version: str, error: GoogleAPICallError) -> SecretUnusable:
        """Return what the operator has to do, with the command that does it."""
        from google.api_core import exceptions

        if isinstance(error, exceptions.NotFound):
            return SecretUnusable(self._missing(name, version))
        if isinstance(error, exceptions.FailedPrecondition):
            return SecretUnusable(self._switched_off(name, version, error.message))
        if error.reason == "SERVICE_DISABLED":
            return SecretUnusable(
                f"Secret Manager is not switched on in the project {self.project}."
                f" Run: gcloud services enable secretmanager.googleapis.com --project={self.project}"
            )
        if isinstance(error, exceptions.PermissionDenied):
            return SecretUnusable(self._forbidden(name))
        if isinstance(error, exceptions.Unauthenticated):
            return SecretUnusable(
                "Secret Manager does not accept our credentials. Check that the function's service account"
                " still exists; on your own machine run: gcloud auth application-default login"
            )
        return SecretUnusable(
            f"Secret Manager refuses to give the secret {name!r} ({status_of(error)})."
            " Check the project and the endpoint in SECRETS."
        )

    def _missing(self, name: str, version: str) -> str:
        if version != "latest":
            return (
                f"The secret {name!r} has no version {version}."
                f" Those it has: gcloud secrets versions list {name} {self._flags}"
            )
        return (
            f"Secret Manager has no secret {name!r}, or no version of it, in the project {self.project}."
            f" Run: gcloud secrets create {name} --data-file=- {self._flags}"
            f" (where the secret is there already: versions add instead of create)"
        )

    def _switched_off(self, name: str, version: str, message: str) -> str:
        found = _NUMBER.search(message)
        number = found[1] if found else version
        which = f"Version {number} of the secret {name!r}" + (", the newest," if version == "latest" else "")
        add = f"gcloud secrets versions add {name} --data-file=- {self._flags}"
        if "DESTROYED" in message:
            return f"{which} is destroyed. Add a new one: {add}"
        enable = f"gcloud secrets versions enable {number} --secret={name} {self._flags}"
        return f"{which} is disabled. Enable it: {enable}; or add a new one: {add}"

    def _forbidden(self, name: str) -> str:
        who = getattr(self._credentials, "service_account_email", "") or ""
        member = f"serviceAccount:{who}" if "@" in who else "MEMBER (serviceAccount:… or user:…)"
        return (
            f"Secret Manager does not let us read the secret {name!r}, or there is none. Grant {ROLE}:"
            f" gcloud secrets add-iam-policy-binding {name} --role={ROLE} --member={member} {self._flags}"
        )

    @property
    def _flags(self) -> str:
        return f"--project={self.project}" + (f" --location={self.location}" if self.location else "")
