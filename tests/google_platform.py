"""Google Cloud as a process of ours sees it, for tests: a certificate it trusts, and a metadata server.

Google's clients read two environment variables only once in a process: the certificate they trust and the
metadata server they have their token from. Both are set when this module is imported.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import grpc
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from tests.certificates import make_certificate

ACCOUNT = "liaison@my-project.iam.gserviceaccount.com"
TOKEN = "token-of-the-metadata-server"
_folder = Path(tempfile.mkdtemp(prefix="google-cloud-"))
atexit.register(shutil.rmtree, _folder, ignore_errors=True)


class Api:
    """An API over gRPC that can be slow, down, switched off or gone. `address` is its `host:port`.

    `service` is its full name, `title` the one for people.
    """

    def __init__(self, service: str, title: str, methods: dict[str, grpc.RpcMethodHandler]) -> None:
        self.authorizations: list[str] = []  # the headers that came
        self._names, self._methods = (service, title), methods
        self._refusal: tuple[grpc.StatusCode, str] | None = None
        self._off = False
        self._slow = 0.0
        self._stopped = threading.Event()
        self._listen("localhost:0")

    def refuse(self, code: grpc.StatusCode | None, message: str = "The service is currently unavailable.") -> None:
        """Answer everything with `code`, until it is none."""
        self._refusal = (code, message) if code else None

    def slow(self, seconds: float) -> None:
        """Take that long for each answer."""
        self._slow = seconds

    def switch_off(self) -> None:
        """Behave as a project in which the API was never enabled."""
        self._off = True

    def stop(self) -> None:
        """Close the port, as a crash would."""
        self._stopped.set()
        self._server.stop(grace=None).wait()

    def restart(self) -> None:
        """Listen on the same port again."""
        self._stopped.clear()
        self._listen(self.address)

    def bear(self, context: grpc.ServicerContext) -> None:
        """Be as slow, as far down or as switched off as told."""
        self._stopped.wait(self._slow)
        if self._off:
            _abort_switched_off(context, self._names[1])
        if self._refusal:
            context.abort(*self._refusal)

    def note(self, context: grpc.ServicerContext) -> None:
        """Keep the header with the token."""
        self.authorizations.append(str(dict(context.invocation_metadata()).get("authorization")))

    def _listen(self, address: str) -> None:
        # Without reuse a second server could listen on the port of one that is thought to be closed.
        self._server = grpc.server(ThreadPoolExecutor(32), options=[("grpc.so_reuseport", 0)])
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(self._names[0], self._methods),))
        port = self._server.add_secure_port(address, grpc.ssl_server_credentials([_CERTIFICATE]))
        self._server.start()
        self.address = f"localhost:{port}"


def refuse_tokens(refused: bool = True) -> None:
    """Have the metadata server give no tokens: whoever has one goes on."""
    _Metadata.refused = refused


def environment() -> dict[str, str]:
    """Return what a process needs in its environment to trust these servers and to have a token."""
    return dict(_ENVIRONMENT)


def _abort_switched_off(context: grpc.ServicerContext, api: str) -> None:
    """Answer as https://cloud.google.com/service-usage/docs/enable-disable says: the reason is in the details."""
    status = status_pb2.Status(
        code=code_pb2.PERMISSION_DENIED,
        message=f"{api} API has not been used in project 123456789 before or it is disabled.",
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


def _start_metadata() -> str:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Metadata)
    threading.Thread(target=server.serve_forever, name="metadata", daemon=True).start()
    return f"127.0.0.1:{server.server_port}"


_CERTIFICATE = make_certificate("localhost", "127.0.0.1")
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
