"""The proxy's end of a connection: it reads one request in proxy form and writes the answer as JSON."""

from __future__ import annotations

import json
import re
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.google_cloud.wire import Call, Refusal

REGIONAL = re.compile(r"([a-z]+-[a-z]+\d+)-(.+)")


class Listener(BaseHTTPRequestHandler):
    """Bound to one Google Cloud by its class attribute `google`."""

    google: Any
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        try:
            code, body = 200, self.google.answer(self._read(raw))
        except Refusal as refusal:
            code, body = refusal.code, refusal.body
        except ConnectionError:
            self.close_connection = True
            return
        sent = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the names are http.server's

    def do_CONNECT(self) -> None:
        """Refuse what would leave this machine, and remember that it was tried."""
        self.google.unknown.append(f"CONNECT {self.path}")
        self.send_error(403, "This network ends here.")

    def _read(self, raw: bytes) -> Call:
        url = urlsplit(self.path)
        host = url.hostname or ""
        regional = REGIONAL.fullmatch(host)
        region, host = regional.groups() if regional else ("", host)
        return Call(
            method=self.command,
            host=host,
            path=unquote(url.path),
            query=parse_qs(url.query, keep_blank_values=True),
            body=json.loads(raw) if raw.startswith((b"{", b"[")) else None,
            headers=self.headers,
            raw=raw,
            region=region,
        )

    def log_message(self, *_: object) -> None:
        """Say nothing."""
