"""An answer as it comes in over a connection, put together by httptools; no I/O here."""

from __future__ import annotations

import zlib

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser
from requests.structures import CaseInsensitiveDict

LARGEST_ANSWER = 4 * 1024 * 1024  # bytes; a relation is about 3 kB
LARGEST_HEAD = 64 * 1024


class NotWhole(Exception):
    """What came is no answer, or not all of one."""


class Incoming:
    """Feed it what is received until it says that the answer is whole. `is_last`: the connection is not used again.

    The methods that begin with `on_` are httptools'.
    """

    def __init__(self) -> None:
        self.status = 0
        self.headers: CaseInsensitiveDict[str] = CaseInsensitiveDict()
        self.is_last = False
        self._is_whole = False
        self._parts: list[bytes] = []
        self._left = LARGEST_ANSWER + LARGEST_HEAD
        self._parser = HttpResponseParser(self)

    def feed(self, received: bytes) -> bool:
        """Take what came, `b""` for the end of the connection; tell whether the answer is whole. Raises NotWhole."""
        if not received:
            self._end()
        self._left -= len(received)
        if self._left < 0:
            raise NotWhole("too large")
        try:
            self._parser.feed_data(received)
        except (HttpParserError, HttpParserUpgrade) as error:
            if not self._is_whole:
                raise NotWhole("no HTTP") from error
            self.is_last = True  # there is more than was asked for
        return self._is_whole

    def content(self) -> bytes:
        """Return the body, unpacked. Raises NotWhole."""
        body = b"".join(self._parts)
        encoding = self.headers.get("Content-Encoding", "identity").lower()
        if encoding == "identity":
            return body
        unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            unpacked = unpacking.decompress(body, LARGEST_ANSWER) if encoding == "gzip" else b""
        except zlib.error as error:
            raise NotWhole("packed wrongly") from error
        if not unpacking.eof:
            raise NotWhole("packed in a way that was not asked for, cut off, or too large")
        return unpacked

    def _end(self) -> None:
        """Take an answer whose length was not told for whole once the connection ends."""
        framed = self.status == 0 or "Content-Length" in self.headers or "Transfer-Encoding" in self.headers
        if framed:
            raise NotWhole("broken off")
        self._is_whole = self.is_last = True

    def on_message_begin(self) -> None:
        """Begin an answer; a second one on the same connection was not asked for."""
        self.is_last = self._is_whole

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header, as Latin-1 (RFC 9110, section 5.5)."""
        if not self._is_whole:
            self.headers[name.decode("latin-1")] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Read the status line."""
        if not self._is_whole:
            self.status = self._parser.get_status_code()
            self.is_last = not self._parser.should_keep_alive()

    def on_body(self, part: bytes) -> None:
        """Keep a part of the body."""
        if not self._is_whole:
            self._parts.append(part)

    def on_message_complete(self) -> None:
        """Note that the answer is whole; an interim one, 1xx, has another one behind it."""
        if self.status >= 200:
            self._is_whole = True
        else:
            self.headers.clear()
