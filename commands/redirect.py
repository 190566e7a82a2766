"""Where the browser is sent back to: a port of this machine, or a pasted address (RFC 8252, section 7.3)."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from urllib.parse import parse_qsl

import click

from commands.asking import ask, is_terminal
from services.errors import LiaisonError, LoginRefused
from services.superoffice.consent import ForeignRedirect, read_address

PATH = "/callback"
PATIENCE = 600  # seconds that an administrator has for signing in and approving
LARGEST = 65_536  # bytes of a form that is posted back
PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Liaison</title>
<style>:root {{ color-scheme: light dark }} body {{ font: 16px/1.5 system-ui, sans-serif; margin: 15vh auto;
max-width: 30rem; padding: 0 1.5rem }}</style></head><body><h1>{title}</h1><p>{text}</p></body></html>"""
Read = Callable[[Mapping[str, str]], str]


def address_of(port: int) -> str:
    """Return the redirect address, as it has to be registered for the app."""
    return f"http://127.0.0.1:{port}{PATH}"


@contextmanager
def listening(port: int, read: Read) -> Iterator[Callable[[], str]]:
    """Listen, and give a function that waits for the code; `read` finds it in what came, or raises LoginRefused."""
    try:
        server = _Server(port, read)
    except OSError as error:
        raise click.ClickException(
            f"Port {port} cannot be used ({error.strerror}). End the program that has it, or take another port:"
            f" --port 8401, with {address_of(8401)} registered for the app; or --paste, which needs none."
        ) from error
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server.wait
    finally:
        server.shutdown()
        server.server_close()


def ask_for_address(read: Read) -> str:
    """Have the address pasted that the browser ended at, and return the code in it."""
    while True:
        try:
            return read(read_address(ask("The address that the browser was sent to", hidden=False)))
        except ForeignRedirect as error:
            if not is_terminal():
                raise
            click.secho(error.detail, fg="red")


class _Server(ThreadingTCPServer):
    """With threads, because browsers open connections that they do not use; http.server's own would ask the DNS."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, read: Read):
        self.read = read
        self.came: queue.Queue[str | LoginRefused] = queue.Queue()
        super().__init__(("127.0.0.1", port), _Handler)

    def wait(self) -> str:
        """Return the code; raise what came instead."""
        try:
            came = self.came.get(timeout=PATIENCE)
        except queue.Empty:
            raise LoginRefused(
                f"No answer came back within {PATIENCE // 60} minutes. If SuperOffice showed InvalidRedirectUrl,"
                f" register {address_of(self.server_address[1])} as a redirect address of the app; then run it again."
            ) from None
        if isinstance(came, LiaisonError):
            raise came
        return came


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """Take the answer from the query."""
        path, _, query = self.path.partition("?")
        self._take(path, query)

    def do_POST(self) -> None:
        """Take the answer from a form: an app may be registered so."""
        length = self.headers.get("Content-Length", "")
        size = min(int(length), LARGEST) if length.isdecimal() else 0
        self._take(self.path.partition("?")[0], self.rfile.read(size).decode("utf-8", "replace"))

    def _take(self, path: str, parameters: str) -> None:
        if path != PATH:
            return self._show(
                404, "There is nothing here", "Liaison waits for SuperOffice's answer at another address."
            )
        try:
            code = self.server.read(dict(parse_qsl(parameters)))
        except ForeignRedirect as error:  # it goes on waiting for the right one
            return self._show(400, "This is another answer", error.detail)
        except LoginRefused as error:
            self._show(200, "Not approved", error.detail)
            self.server.came.put(error)
            return None
        self._show(200, "Thank you", "Liaison goes on in the terminal. You can close this page.")
        self.server.came.put(code)
        return None

    def _show(self, status: int, title: str, text: str) -> None:
        body = PAGE.format(title=escape(title), text=escape(text)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Referrer-Policy", "no-referrer")  # the address of this page holds the code
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class named it
        """Say nothing: the address holds the code."""
