"""Google's part in an identity token: the key that signs it, and the address that shows its certificate."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import crypt, jwt

AUDIENCE, EMAIL = "https://webhook.example", "scheduler@project.iam.gserviceaccount.com"


class Google(ThreadingHTTPServer):
    """Serves certificates as Google does, and counts how often it is asked."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Certificates)
        self.url = f"http://127.0.0.1:{self.server_port}/oauth2/v1/certs"
        self.status, self.keys, self.headers, self.asked = 200, {}, {"Cache-Control": "public, max-age=600"}, 0


class Certificates(BaseHTTPRequestHandler):
    """Answers with what the server was given."""

    server: Google

    def do_GET(self):
        self.server.asked += 1
        body = json.dumps(self.server.keys).encode()
        self.send_response(self.server.status)
        for name, value in {**self.server.headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        """Say nothing."""


def make_key() -> tuple[crypt.RSASigner, str]:
    """Return a signer and the certificate of its key."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    certificate = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return crypt.RSASigner.from_string(private, "current"), certificate.public_bytes(pem).decode()


def token(signer, header=None, **claims) -> str:
    """Return an identity token such as Cloud Scheduler sends, but for the claims given."""
    now = int(time.time())
    usual = {"iss": "https://accounts.google.com", "aud": AUDIENCE, "email": EMAIL, "email_verified": True}
    payload = {**usual, "iat": now, "exp": now + 3600, **claims}
    return jwt.encode(signer, {k: v for k, v in payload.items() if v is not None}, header).decode()
