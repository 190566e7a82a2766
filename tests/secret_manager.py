"""A Secret Manager for tests: real gRPC over TLS, so that the real client runs as it does in production.

Google's client reads two environment variables only once in a process: the certificate it trusts and the
metadata server it has its token from. Both are set when this module is imported.
"""

from __future__ import annotations

import atexit
import datetime
import ipaddress
import json
import os
import shutil
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import google_crc32c
import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from google.cloud.secretmanager import AccessSecretVersionRequest, AccessSecretVersionResponse
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

SERVICE = "google.cloud.secretmanager.v1.SecretManagerService"
ACCOUNT = "liaison@my-project.iam.gserviceaccount.com"
TOKEN = "token-of-the-metadata-server"
_folder = Path(tempfile.mkdtemp(prefix="secret-manager-"))
atexit.register(shutil.rmtree, _folder, ignore_errors=True)


class FakeSecretManager:
    """Secrets with versions, and all that can be wrong with them. `address` is its `host:port`."""

    def __init__(self) -> None:
        self.accesses: list[str] = []  # the path that was asked for, each time
        self.authorizations: list[str] = []  # and the header that came with it
        self._versions: dict[str, list[bytes | None]] = {}  # none: destroyed
        self._disabled: set[tuple[str, int]] = set()
        self._denied: dict[str, grpc.StatusCode] = {}
        self._corrupt: dict[str, int] = {}
        self._down: grpc.StatusCode | None = None
        self._slow = 0.0
        self._off = False
        self._stopped = threading.Event()
        self._server = self._serve("localhost:0")

    def add(self, name: str, value: str | bytes) -> int:
        """Add a version and return its number."""
        versions = self._versions.setdefault(name, [])
        versions.append(value.encode() if isinstance(value, str) else value)
        return len(versions)

    def disable(self, name: str, number: int) -> None:
        """Disable a version."""
        self._disabled.add((name, number))

    def enable(self, name: str, number: int) -> None:
        """Enable a version again."""
        self._disabled.discard((name, number))

    def destroy(self, name: str, number: int) -> None:
        """Destroy a version: its value is gone for good."""
        self._versions[name][number - 1] = None

    def deny(self, name: str, code: grpc.StatusCode = grpc.StatusCode.PERMISSION_DENIED) -> None:
        """Answer every access to this secret with `code`."""
        self._denied[name] = code

    def corrupt(self, name: str, times: int = 1_000_000) -> None:
        """Damage the value on its way, so many times. `name@1` damages version 1 alone."""
        self._corrupt[name] = times

    def outage(self, code: grpc.StatusCode | None = grpc.StatusCode.UNAVAILABLE) -> None:
        """Answer everything with `code`, until it is none."""
        self._down = code

    def slow(self, seconds: float) -> None:
        """Take that long for each answer."""
        self._slow = seconds

    def switch_off(self) -> None:
        """Behave as a project in which the API was never enabled."""
        self._off = True

    @staticmethod
    def refuse_tokens(refused: bool = True) -> None:
        """Have the metadata server give no tokens: whoever has one goes on."""
        _Metadata.refused = refused

    def stop(self) -> None:
        """Close the port, as a crash would."""
        self._stopped.set()
        self._server.stop(grace=None).wait()

    def restart(self) -> None:
        """Listen on the same port again."""
        self._stopped.clear()
        self._server = self._serve(self.address)

    def location(self, project: str = "my-project") -> str:
        """Return the setting SECRETS for this server."""
        return f"gcp://{project}?endpoint={self.address}"

    @staticmethod
    def environment() -> dict[str, str]:
        """Return what a process needs in its environment to trust this server and to have a token."""
        return dict(_ENVIRONMENT)

    def _serve(self, address: str) -> grpc.Server:
        access = grpc.unary_unary_rpc_method_handler(
            self._access,
            request_deserializer=AccessSecretVersionRequest.deserialize,
            response_serializer=AccessSecretVersionResponse.serialize,
        )
        # Without reuse a second server could listen on the port of one that is thought to be closed.
        server = grpc.server(ThreadPoolExecutor(32), options=[("grpc.so_reuseport", 0)])
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(SERVICE, {"AccessSecretVersion": access}),)
        )
        port = server.add_secure_port(address, grpc.ssl_server_credentials([_CERTIFICATE]))
        self.address = f"localhost:{port}"
        server.start()
        return server

    def _access(
        self, request: AccessSecretVersionRequest, context: grpc.ServicerContext
    ) -> AccessSecretVersionResponse:
        self.accesses.append(request.name)
        self.authorizations.append(str(dict(context.invocation_metadata()).get("authorization")))
        self._stopped.wait(self._slow)
        if self._down:
            context.abort(self._down, "The service is currently unavailable.")
        if self._off:
            _abort_switched_off(context)
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
        versions = self._versions.get(name, [])
        number = len(versions) if version == "latest" else int(version)
        # The real one answers with the project's number, whatever the project was asked for by.
        path = f"{parent.replace('my-project', '123456789')}/secrets/{name}/versions/{number}"
        if not 1 <= number <= len(versions):
            context.abort(grpc.StatusCode.NOT_FOUND, f"Secret [{path}] not found or has no versions.")
        value = versions[number - 1]
        if value is None:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"Secret Version [{path}] is in DESTROYED state.")
        if (name, number) in self._disabled:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"Secret Version [{path}] is in DISABLED state.")
        return path, value


def start() -> FakeSecretManager:
    """Return a Secret Manager of its own that listens on a free port of this machine."""
    _Metadata.refused = False
    return FakeSecretManager()


def _abort_switched_off(context: grpc.ServicerContext) -> None:
    """Answer as https://cloud.google.com/service-usage/docs/enable-disable says: the reason is in the details."""
    status = status_pb2.Status(
        code=code_pb2.PERMISSION_DENIED,
        message="Secret Manager API has not been used in project 123456789 before or it is disabled.",
    )
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason="SERVICE_DISABLED", domain="googleapis.com"))
    context.abort_with_status(rpc_status.to_status(status))


class _Metadata(BaseHTTPRequestHandler):
    """The part of https://cloud.google.com/run/docs/container-contract#metadata-server that is asked."""

    refused = False

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].removeprefix("/computeMetadata/v1/")
        account = {"email": ACCOUNT, "scopes": [], "aliases": ["default"]}
        token = {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"}
        answers = {
            "project/project-id": "my-project",
            "universe/universe-domain": "googleapis.com",
            "instance/service-accounts/default/": json.dumps(account),
            f"instance/service-accounts/{ACCOUNT}/": json.dumps(account),
            "instance/service-accounts/default/token": json.dumps(token),
            f"instance/service-accounts/{ACCOUNT}/token": json.dumps(token),
        }
        body = answers.get(path, "").encode()
        if self.refused and path.endswith("/token"):
            body = b""
        self.send_response(200 if body or path == "/" else 404)
        self.send_header("Metadata-Flavor", "Google")
        self.send_header("Content-Type", "application/json" if body.startswith(b"{") else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _make_certificate() -> tuple[bytes, bytes]:
    """Return a key and the certificate for this machine that it signed itself, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem, certificate.public_bytes(serialization.Encoding.PEM)


def _start_metadata() -> str:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Metadata)
    threading.Thread(target=server.serve_forever, name="metadata", daemon=True).start()
    return f"127.0.0.1:{server.server_port}"


_CERTIFICATE = _make_certificate()
_roots = _folder / "roots.pem"
_roots.write_bytes(_CERTIFICATE[1])
_metadata = _start_metadata()
_ENVIRONMENT = {
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(_roots),
    "GCE_METADATA_HOST": _metadata,
    "GCE_METADATA_IP": _metadata,
    "NO_GCE_CHECK": "false",
    "GOOGLE_APPLICATION_CREDENTIALS": "",  # neither a key file of the person at this machine
    "CLOUDSDK_CONFIG": str(_folder),  # nor a login
    "no_proxy": "localhost,127.0.0.1",
    "NO_PROXY": "localhost,127.0.0.1",
}
os.environ.update(_ENVIRONMENT)
