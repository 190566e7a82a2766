"""The part of the tests' Secret Manager that writes: secrets made, versions added, listed and disabled."""

from __future__ import annotations

from typing import Any

import google_crc32c
import grpc
from google.cloud import secretmanager
from google.cloud.secretmanager import Secret, SecretVersion

CALLS = {
    "CreateSecret": (secretmanager.CreateSecretRequest, Secret),
    "AddSecretVersion": (secretmanager.AddSecretVersionRequest, SecretVersion),
    "ListSecretVersions": (secretmanager.ListSecretVersionsRequest, secretmanager.ListSecretVersionsResponse),
    "DisableSecretVersion": (secretmanager.DisableSecretVersionRequest, SecretVersion),
}


class Writing:
    """Changes the versions of a FakeSecretManager."""

    def __init__(self, manager: Any) -> None:
        self.denied: set[str] = set()  # the calls that we have no right to
        self._manager = manager

    def methods(self) -> dict[str, Any]:
        """Return what the server answers these calls with."""
        return {
            name: grpc.unary_unary_rpc_method_handler(
                self._checked(name), request_deserializer=asked.deserialize, response_serializer=told.serialize
            )
            for name, (asked, told) in CALLS.items()
        }

    def _checked(self, name: str) -> Any:
        work = {
            "CreateSecret": self._create,
            "AddSecretVersion": self._add,
            "ListSecretVersions": self._list,
            "DisableSecretVersion": self._disable,
        }[name]

        def answer(request: Any, context: grpc.ServicerContext) -> Any:
            self._manager.bear(context)
            if name in self.denied:
                context.abort(grpc.StatusCode.PERMISSION_DENIED, "Permission denied on resource.")
            return work(request, context)

        return answer

    def _create(self, request: Any, context: grpc.ServicerContext) -> Secret:
        if request.secret_id in self._manager.versions:
            context.abort(grpc.StatusCode.ALREADY_EXISTS, "Secret already exists.")
        regional = "/locations/" in request.parent
        if ("automatic" in request.secret.replication) == regional:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "Replication is for global secrets, and needed there.")
        self._manager.versions[request.secret_id] = []
        return Secret(name=f"{request.parent}/secrets/{request.secret_id}")

    def _add(self, request: Any, context: grpc.ServicerContext) -> SecretVersion:
        name = self._known(request.parent, context)
        if google_crc32c.value(request.payload.data) != request.payload.data_crc32c:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "The checksum does not match the payload.")
        number = self._manager.add(name, request.payload.data)
        return SecretVersion(name=f"{request.parent}/versions/{number}", state=SecretVersion.State.ENABLED)

    def _list(self, request: Any, context: grpc.ServicerContext) -> Any:
        name = self._known(request.parent, context)
        numbers = range(len(self._manager.versions[name]), 0, -1)  # the newest first
        versions = [
            SecretVersion(name=f"{request.parent}/versions/{number}", state=self._state(name, number))
            for number in numbers
        ]
        return secretmanager.ListSecretVersionsResponse(versions=versions, total_size=len(versions))

    def _disable(self, request: Any, context: grpc.ServicerContext) -> SecretVersion:
        parent, _, number = request.name.rpartition("/versions/")
        self._manager.disable(self._known(parent, context), int(number))
        return SecretVersion(name=request.name, state=SecretVersion.State.DISABLED)

    def _state(self, name: str, number: int) -> SecretVersion.State:
        if self._manager.versions[name][number - 1] is None:
            return SecretVersion.State.DESTROYED
        return SecretVersion.State.DISABLED if (name, number) in self._manager.disabled else SecretVersion.State.ENABLED

    def _known(self, parent: str, context: grpc.ServicerContext) -> str:
        name = parent.rpartition("/")[2]
        if name not in self._manager.versions:
            context.abort(grpc.StatusCode.NOT_FOUND, f"Secret [{parent}] not found.")
        return name
