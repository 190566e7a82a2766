"""Secret Manager and the metadata server on loopback, so that Google's own client runs unchanged.

The client speaks gRPC over TLS to `localhost` with a token from the metadata server, as it does on Google
Cloud; a throw-away certificate authority stands in for the public ones.
Wire: google.cloud.secretmanager.v1.SecretManagerService/AccessSecretVersion.
"""

import datetime
import http.server
import json
import sys
import threading
from concurrent import futures
from pathlib import Path

import google_crc32c
import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.cloud.secretmanager_v1 import AccessSecretVersionRequest, AccessSecretVersionResponse

PROJECT = "bench-project"
SERVICE = "google.cloud.secretmanager.v1.SecretManagerService"
ACCOUNT = "/computeMetadata/v1/instance/service-accounts/default/"
METADATA = {
    "/": "computeMetadata/",
    "/computeMetadata/v1/project/project-id": PROJECT,
    ACCOUNT: json.dumps({"email": "bench@example.com", "scopes": ["https://www.googleapis.com/auth/cloud-platform"]}),
    ACCOUNT + "token": json.dumps({"access_token": "bench", "expires_in": 3599, "token_type": "Bearer"}),
}


def certificate():
    """Make a key and a certificate for `localhost` that vouches for itself, both as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, traditional = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(pem, traditional, serialization.NoEncryption()), built.public_bytes(pem)


def serve_secrets(secrets, key, chain):
    """Answer AccessSecretVersion out of `secrets`, which has one version of each; return the port."""

    def access(request, context):
        secret = request.name.split("/")[3]
        if secret not in secrets:
            context.abort(grpc.StatusCode.NOT_FOUND, f"Secret [{request.name}] not found or has no versions.")
        content = secrets[secret].encode()
        name = f"projects/1234567890/secrets/{secret}/versions/1"
        payload = {"data": content, "data_crc32c": google_crc32c.value(content)}
        return AccessSecretVersionResponse(name=name, payload=payload)

    method = grpc.unary_unary_rpc_method_handler(
        access,
        request_deserializer=AccessSecretVersionRequest.deserialize,
        response_serializer=AccessSecretVersionResponse.serialize,
    )
    server = grpc.server(futures.ThreadPoolExecutor(4))
    handler = grpc.method_handlers_generic_handler(SERVICE, {"AccessSecretVersion": method})
    server.add_generic_rpc_handlers((handler,))
    port = server.add_secure_port("localhost:0", grpc.ssl_server_credentials([(key, chain)]))
    server.start()
    return server, port


class Metadata(http.server.BaseHTTPRequestHandler):
    """The metadata server of an instance, as far as the client asks it on its way to a token."""

    def do_GET(self):
        """Answer in one piece: head and body apart cost 40 ms of delayed acknowledgement."""
        content = METADATA.get(self.path.partition("?")[0])
        kind = "application/json" if content and content.startswith("{") else "application/text"
        body = (content or "").encode()
        status = "200 OK" if content else "404 Not Found"
        self.wfile.write(
            f"HTTP/1.0 {status}\r\nMetadata-Flavor: Google\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )

    def log_message(self, *_words):
        """Keep the benchmark's output clean."""


def main():
    """Serve the secrets that stdin's first line holds until stdin closes; print the client's environment."""
    asked = json.loads(sys.stdin.readline())
    key, chain = certificate()
    roots = Path(asked["folder"], "secret-manager.pem")
    roots.write_bytes(chain)
    _server, port = serve_secrets(asked["secrets"], key, chain)
    metadata = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Metadata)
    threading.Thread(target=metadata.serve_forever, daemon=True).start()
    place = f"127.0.0.1:{metadata.server_port}"
    environment = {
        "SECRET_MANAGER": f"localhost:{port}",
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(roots),
        "GCE_METADATA_HOST": place,
        "GCE_METADATA_IP": place,
    }
    print(json.dumps(environment), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
