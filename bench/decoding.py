"""What a delivery costs before anything is sent: Liaison's own proof, decoding and mapping, called one after another.

A process of its own, as Liaison's is, with its garbage collection. Its first line tells the file of hooks; each line
after it is a number of deliveries, and is answered with the milliseconds of processor time that one of them took.
"""

import json
import sys
import time

from flask import Request

import main as liaison  # noqa: F401 - which sets the garbage collection
from bench import typeform
from bench.load import NotMeasured, companies
from handlers.requests import headers_of
from schemas.verification import secret_names
from services.hooks import read_hooks
from services.mapping import map_submission, wanted
from services.senders.decode import read
from services.senders.received import Received
from services.senders.unpack import unpack
from services.senders.verify import verify


def carry(content, headers, hook, secrets):
    """Do with one delivery what the handler does up to the look-ups: prove, read, unpack, choose, map."""
    received = Received("POST", "", headers, {}, content, fields=dict)
    verify(hook.verify, received, secrets, time.time())
    [submission] = unpack(read(content, headers.get("Content-Type")), headers, hook.packing).submissions
    return map_submission(hook.relation, submission.fields) if wanted(hook.when, submission.fields) else None


def milliseconds(count, hook):
    """Return the processor time of one delivery, on average over so many, each checked to be that very one."""
    secrets = dict.fromkeys(secret_names(hook.verify), (typeform.SECRET.encode(),))
    used = 0
    for number in (next(companies) for _ in range(count)):
        content = typeform.body(number)
        signature = typeform.signature(content).decode()
        environment = {"CONTENT_TYPE": "application/json", "HTTP_TYPEFORM_SIGNATURE": signature}
        headers = headers_of(Request(environment))
        began = time.process_time_ns()
        mapped = carry(content, headers, hook, secrets)
        used += time.process_time_ns() - began
        if not mapped or not mapped.comment.startswith(str(number)) or mapped.definition != typeform.DEFINITION:
            raise NotMeasured(f"a delivery was not mapped: {mapped}")
    return used / count / 1_000_000


def main():
    """Serve until stdin closes, which it does when the benchmark ends."""
    hook = read_hooks(sys.stdin.readline().strip()).find("mapped")
    for line in sys.stdin:
        print(json.dumps({"ms": milliseconds(int(line), hook)}), flush=True)


if __name__ == "__main__":
    main()
