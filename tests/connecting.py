"""Runs `./liaison connect` in a process of its own, and plays the administrator's browser with `requests`."""

from __future__ import annotations

import base64
import contextlib
import os
import re
import socket
import subprocess
from html.parser import HTMLParser

import requests
import yaml
from cryptography.hazmat.primitives.serialization import load_pem_private_key


class Connecting:
    """The command in a copy of the repository; `app` is what its environment says of the app."""

    def __init__(self, root, app, port):
        self.root, self.app, self.port = root, app, port
        self.printed = ""
        self._process = None

    def start(self, *arguments, stdin=None, **environment):
        """Start it, and return the address that is to be opened."""
        given = {"PATH": os.environ["PATH"], "COLUMNS": "110", **self.app, **environment}
        command = [self.root / "liaison", "connect", "--port", str(self.port), *arguments]
        if "BROWSER" not in environment:
            command.append("--no-browser")
        self._process = subprocess.Popen(
            [str(part) for part in command],
            cwd=self.root.parent,
            env={name: value for name, value in given.items() if value is not None},
            stdin=subprocess.PIPE if "--paste" in arguments else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if stdin is not None:
            self.say(stdin)
        for line in self._process.stdout:
            self.printed += line
            if found := re.fullmatch(r"(http\S+/authorize\?\S+)\n", line):
                return found[1]
        return ""

    def say(self, text):
        """Write to its stdin."""
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(text)
            self._process.stdin.flush()

    def end(self):
        """Wait for its end, and return the exit code; `printed` is all that it printed."""
        self.printed += self._process.communicate(timeout=40)[0]
        assert "Traceback" not in self.printed, self.printed
        return self._process.returncode

    def run(self, *arguments, decision="approve", **options):
        """Start it, decide in the browser, and return the exit code; the address may be none where it ends before."""
        if address := self.start(*arguments, **options):
            browse(address, decision)
        return self.end()

    def kill(self):
        """End it in any case."""
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.communicate()

    @property
    def secrets(self):
        """What is stored in the file of secrets."""
        return yaml.safe_load((self.root / "var/secrets.yaml").read_text())

    @property
    def settings(self):
        """What var/connect.env says; none where there is none."""
        path = self.root / "var/connect.env"
        return dict(line.split("=", 1) for line in path.read_text().splitlines()) if path.exists() else None


class Form(HTMLParser):
    """The hidden fields of a page's form."""

    def __init__(self, page):
        super().__init__()
        self.fields = {}
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        """Take a field."""
        found = dict(attrs)
        if tag == "input":
            self.fields[found["name"]] = found["value"]


def browse(address, decision="approve", *, follow=True):
    """Open the page, press a button on it, and return where that leads."""
    page = requests.get(address, timeout=10)
    form = {**Form(page.text).fields, "decision": decision}
    return requests.post(address.partition("?")[0], data=form, timeout=10, allow_redirects=follow)


def free_port():
    """Find a port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def as_xml(pem):
    """Write a key as SuperOffice's portal does: the XML of .NET's RSAParameters."""
    numbers = load_pem_private_key(pem.encode(), None).private_numbers()
    public = numbers.public_numbers
    named = {"Modulus": public.n, "Exponent": public.e, "P": numbers.p, "Q": numbers.q, "DP": numbers.dmp1}
    named |= {"DQ": numbers.dmq1, "InverseQ": numbers.iqmp, "D": numbers.d}
    each = {name: n.to_bytes((n.bit_length() + 7) // 8) for name, n in named.items()}
    members = "".join(f"<{name}>{base64.b64encode(raw).decode()}</{name}>" for name, raw in each.items())
    return f"<RSAKeyValue>{members}</RSAKeyValue>"
