"""The wire to SuperOffice: what goes out on it."""

from __future__ import annotations

import socket
import threading

from services.superoffice.transport import Transport


def answer_twice(listener: socket.socket, heard: list[bytes]) -> None:
    """Take one look at what has come, answer, and do that once more on the same connection."""
    line, _ = listener.accept()
    with line:
        for _ in range(2):
            heard.append(line.recv(65_536))
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")


def test_a_request_goes_out_in_one_piece():
    """Head and body are one packet, on a new connection and on a kept one; a server that looks once has them both."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer_twice, args=(listener, heard), daemon=True).start()
        transport, url = Transport(1), f"http://127.0.0.1:{listener.getsockname()[1]}/api"
        answers = [transport.send("POST", url, time_limit=5, body={"Comment": "Blåbær"}) for _ in range(2)]

    assert [answer.body for answer in answers] == [b"{}", b"{}"]
    assert all(request.endswith('\r\n\r\n{"Comment": "Blåbær"}'.encode()) for request in heard)
