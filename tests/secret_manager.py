"""A Secret Manager for tests: real gRPC over TLS, so that the real client runs as it does in production."""

from __future__ import annotations

import google_crc32c
import grpc
from google.cloud.secretmanager import AccessSecretVersionRequest, AccessSecretVersionResponse

from tests import google_platform
from tests.google_platform import ACCOUNT, TOKEN

__all__ = ["ACCOUNT", "TOKEN", "FakeSecretManager", "start"]

from tests.secret_versions import Writing

SERVICE = "google.cloud.secretmanager.v1.SecretManagerService"


class FakeSecretManager(google_platform.Api):
    """Secrets with versions, and all that can be wrong with them. `address` is its `host:port`."""

    def __init__(self) -> None:
        self.accesses: list[str] = []  # the path that was asked for, each time
        self.versions: dict[str, list[bytes | None]] = {}  # none: destroyed
        self.disabled: set[tuple[str, int]] = set()
        self._denied: dict[str, grpc.StatusCode] = {}
        self._corrupt: dict[str, int] = {}
        self.writing = Writing(self)
        access = grpc.unary_unary_rpc_method_handler(
            self._access,
            request_deserializer=AccessSecretVersionRequest.deserialize,
            response_serializer=AccessSecretVersionResponse.serialize,
        )
        super().__init__(SERVICE, "Secret Manager", {"AccessSecretVersion": access, **self.writing.methods()})

    def add(self, name: str, value: str | bytes) -> int:
        """Add a version and return its number."""
        versions = self.versions.setdefault(name, [])
        versions.append(value.encode() if isinstance(value, str) else value)
        return len(versions)

    def disable(self, name: str, number: int) -> None:
        """Disable a version."""
        self.disabled.add((name, number))

    def destroy(self, name: str, number: int) -> None:
        """Destroy a version: its value is gone for good."""
        self.versions[name][number - 1] = None

    def deny(self, name: str, code: grpc.StatusCode = grpc.StatusCode.PERMISSION_DENIED) -> None:
        """Answer every access to this secret with `code`."""
        self._denied[name] = code

    def corrupt(self, name: str, times: int = 1_000_000) -> None:
        """Damage the value on its way, so many times. `name@1` damages version 1 alone."""
        self._corrupt[name] = times

    def outage(self, code: grpc.StatusCode | None = grpc.StatusCode.UNAVAILABLE) -> None:
        """Answer everything with `code`, until it is none."""
        self.refuse(code)

    @staticmethod
    def refuse_tokens(refused: bool = True) -> None:
        """Have the metadata server give no tokens: whoever has one goes on."""
        google_platform.refuse_tokens(refused)

    def location(self, project: str = "my-project") -> str:
        """Return the setting SECRETS for this server."""
        return f"gcp://{project}?endpoint={self.address}"

    @staticmethod
    def environment() -> dict[str, str]:
        """Return what a process needs in its environment to trust this server and to have a token."""
        return google_platform.environment()

    def _access(
        self, request: AccessSecretVersionRequest, context: grpc.ServicerContext
    ) -> AccessSecretVersionResponse:
        self.accesses.append(request.name)
        self.note(context)
        self.bear(context)
        parent, _, rest = request.name.partition("/secrets/")
        name, _, version = rest.partition("/versions/")
        if code := self._denied.get(name):
            context.abort(code, "Permission 'secretmanager.versions.access' denied on resource (or it may not exist).")
        path, value = self._find(parent, name, version, context)
        checksum = google_crc32c.value(value)
        for harmed in (name, f"{name}@{version}"):
            if self._corrupt.get(harmed, 0) > 0:
                self._corrupt[harmed] -= 1
                value = bytes([value[0] ^ 1]) + value[1:]
        return AccessSecretVersionResponse(name=path, payload={"data": value, "data_crc32c": checksum})

    def _find(self, parent: str, name: str, version: str, context: grpc.ServicerContext) -> tuple[str, bytes]:
        versions = self.versions.get(name, [])
        number = len(versions) if version == "latest" else int(version)
        # The real one answers with the project's number, whatever the project was asked for by.
        path = f"{parent.replace('my-project', '123456789')}/secrets/{name}/versions/{number}"
        if not 1 <= number <= len(versions):
            context.abort(grpc.StatusCode.NOT_FOUND, f"Secret [{path}] not found or has no versions.")
        value = versions[number - 1]
        if value is None:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"Secret Version [{path}] is in DESTROYED state.")
        if (name, number) in self.disabled:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"Secret Version [{path}] is in DISABLED state.")
        return path, value


def start() -> FakeSecretManager:
    """Return a Secret Manager of its own that listens on a free port of this machine."""
    google_platform.refuse_tokens(False)
    return FakeSecretManager()
