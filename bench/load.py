"""The load: webhooks over a number of kept connections, each answer checked, the next sent when it is there.

A process of its own, so that it can have another core than the server. It takes one JSON command a line
(`port`, `connections`, `seconds` or `requests`, perhaps `sender` and `rate`) and answers each with one line of
figures. With a `rate` so many a second are sent, and a latency counts from the moment at which one was to be sent.
"""

import asyncio
import base64
import gc
import hashlib
import hmac
import itertools
import json
import sys
import time
from functools import partial

from bench import typeform

SIGNING_KEY = "whsec_" + base64.b64encode(b"bench-standard-webhooks").decode()
API_KEY = "bench-5b1fd4"  # what the benchmark's hook asks for; the plain function ignores it
LEAD_IN = 0.2  # seconds at the start of a round that do not count: the connections fill up first
PATIENCE = 30  # seconds in which the last answer must have come

PAYLOAD = (
    b'{"SourceContactId": %d, "SourcePersonId": 12, "DestinationContactId": 4, "RelationDefinitionId": 18,'
    b' "Comment": "Signed up on the partner page"}'
)
HEAD = (
    b"POST /hooks/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nX-Api-Key: "
    + API_KEY.encode()
    + b"\r\nIdempotency-Key: bench-%d\r\nContent-Length: %d\r\n\r\n"
)
SIGNED_HEAD = (
    b"POST /hooks/standard HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nwebhook-id: %s\r\n"
    b"webhook-timestamp: %d\r\nwebhook-signature: v1,%s\r\nContent-Length: %d\r\n\r\n"
)
companies = itertools.count(int(time.time()) % 1_000_000_000 + 1_000_000_000)


class NotMeasured(Exception):
    """A contestant did not start, or answered something else than the saved relation."""


def webhook(company, hook=b"bench"):
    """Return one request, about a company that no other is about; both contestants get the same."""
    payload = PAYLOAD % company
    return HEAD % (hook, company, len(payload)) + payload


def standard(company):
    """Return the same request, signed as Standard Webhooks 1.0.0 say, where the other has a static secret."""
    payload, name, now = PAYLOAD % company, b"bench-%d" % company, int(time.time())
    key = base64.b64decode(SIGNING_KEY.removeprefix("whsec_"))
    signature = hmac.digest(key, b"%s.%d.%s" % (name, now, payload), hashlib.sha256)
    return SIGNED_HEAD % (name, now, base64.b64encode(signature), len(payload)) + payload


SENDERS = {
    "": webhook,
    "looking": partial(webhook, hook=b"looking"),
    "queued": partial(webhook, hook=b"queued"),
    "standard": standard,
    "signed": typeform.signed,
    "mapped": typeform.mapped,
}


def check(answer, company, sender):
    """Raise NotMeasured unless it is a 200 with a relation about that very company, or one that is queued."""
    told = b'"queued"' in answer if sender == "queued" else b'"RelationId"' in answer and b"%d" % company in answer
    if not (answer.startswith(b"HTTP/1.1 200 ") and told):
        raise NotMeasured(answer.decode(errors="replace")[:2000])


class Round:
    """What one command asked for, and what came of it."""

    def __init__(self, seconds=0.0, requests=0, sender="", rate=0.0):
        self.sender, self.compose = sender, SENDERS[sender]
        self.pause, self.next = 1 / rate if rate else 0.0, time.perf_counter()
        self.begun = time.perf_counter()
        self.counts_from = self.begun + (LEAD_IN if seconds else 0)
        self.ends = self.begun + LEAD_IN + seconds if seconds else float("inf")
        self.to_send = requests or 1_000_000_000
        self.answered, self.in_time, self.latencies = 0, 0, []

    def more(self, now):
        """Tell whether another request is to be sent."""
        self.to_send -= 1
        return self.to_send >= 0 and now < self.ends

    def turn(self, now):
        """Return when the next webhook is to be sent: now, or as the rate has it."""
        if not self.pause:
            return now
        self.next += self.pause
        return self.next

    def note(self, sent, now):
        """Count an answer."""
        self.answered += 1
        if self.counts_from <= now <= self.ends:
            self.in_time += 1
            self.latencies.append(now - sent)

    def figures(self):
        """Sum up: requests per second, p50 and p99 in milliseconds, and how many requests there were."""
        ordered = sorted(self.latencies)
        span = min(self.ends, time.perf_counter()) - self.counts_from
        return {
            "rate": self.in_time / span,
            "p50": 1000 * ordered[len(ordered) // 2],
            "p99": 1000 * ordered[int(len(ordered) * 0.99)],
            "requests": self.answered,
        }


class Caller(asyncio.Protocol):
    """One kept connection: a webhook at a time."""

    def __init__(self, result):
        self.round, self.received = result, b""
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        """Send the first webhook."""
        self.transport = transport
        self.send(time.perf_counter())

    def send(self, now):
        """Send the next webhook, or hang up after the last."""
        if not self.round.more(now):
            self.done.set_result(None)
            self.transport.close()
            return
        self.company, self.sent = next(companies), self.round.turn(now)
        request = self.round.compose(self.company)
        if self.sent > now:
            asyncio.get_running_loop().call_later(self.sent - now, self.transport.write, request)
        else:
            self.transport.write(request)

    def data_received(self, chunk):
        """Take an answer, once it is whole, and go on."""
        self.received += chunk
        head, end, body = self.received.partition(b"\r\n\r\n")
        if not end or len(body) < int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]):
            return
        now = time.perf_counter()
        try:
            check(self.received, self.company, self.round.sender)
        except NotMeasured as error:
            self.fail(error)
            return
        self.received = b""
        self.round.note(self.sent, now)
        self.send(now)

    def connection_lost(self, _error):
        """Take a server that hangs up in the middle for one that has not answered."""
        self.fail(NotMeasured("the connection was closed before the answer was whole"))

    def fail(self, error):
        """End the round with this error."""
        if not self.done.done():
            self.done.set_exception(error)


async def run(port, connections, **limits):
    """Run one round: its figures, or `{"wrong": answer}` with the first answer that was not right."""
    loop, result = asyncio.get_running_loop(), Round(**limits)
    callers = [(await loop.create_connection(lambda: Caller(result), "127.0.0.1", port))[1] for _ in range(connections)]
    try:
        async with asyncio.timeout(limits.get("seconds", 0) + PATIENCE):
            ends = await asyncio.gather(*(caller.done for caller in callers), return_exceptions=True)
    except TimeoutError:
        return {"wrong": f"a webhook had no answer after {PATIENCE} seconds"}
    wrong = next((error for error in ends if error), None)
    return {"wrong": str(wrong)} if wrong else result.figures()


def main():
    """Serve commands until stdin closes, which it does when the benchmark ends."""
    gc.disable()
    for line in sys.stdin:
        print(json.dumps(asyncio.run(run(**json.loads(line)))), flush=True)
        gc.collect()


if __name__ == "__main__":
    main()
