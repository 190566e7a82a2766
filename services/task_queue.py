"""The queue in front of `deliver`: which one the setting QUEUE names, and what comes back out of it.

The ledger holds the work, a task is only the call to do it soon: one that is lost, late or given twice harms
nothing, because `redeliver` comes to whatever is due and a delivery is claimed before it is worked on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlsplit

from marshmallow import ValidationError

from schemas.strict import in_words
from schemas.tasks import Queue, QueueSchema, Task, TaskHeadersSchema, TaskSchema
from services.errors import FieldError, InvalidSettings, InvalidSubmission
from services.google_tasks import TaskQueue
from services.senders.decode import read
from services.settings import is_safe_url

_FORM = "cloud-tasks://my-project/europe-west1/liaison?url=https://…&service_account=…"


def open_queue(location: str, *, clock: Callable[[], float] = time.time) -> TaskQueue | None:
    """Return the queue that the setting QUEUE names, none where it is empty; nothing is called yet.

    Two parts may be added: `attempts`, as many as the queue makes of one task, and `endpoint` (host or host:port).
    Raises InvalidSettings naming every mistake.
    """
    return TaskQueue(_parse(location.strip()), clock=clock) if location.strip() else None


def _parse(location: str) -> Queue:
    try:
        parts = urlsplit(location)
        options = parse_qsl(parts.query, strict_parsing=True) if parts.query else []
    except ValueError as error:
        raise InvalidSettings(f"QUEUE cannot be read: write {_FORM}") from error
    place = parts.path.strip("/").split("/")
    if parts.scheme != "cloud-tasks" or len(place) != 2 or parts.fragment or len(dict(options)) < len(options):
        raise InvalidSettings(f"QUEUE does not name a queue: write {_FORM}")
    given = {**dict(options), "project": parts.netloc, "location": place[0], "name": place[1]}
    try:
        queue: Queue = QueueSchema().load(given)
    except ValidationError as error:
        raise InvalidSettings(" ".join(in_words(error.messages, "QUEUE"))) from error
    if not is_safe_url(queue.url) or "?" in queue.url or "#" in queue.url:
        raise InvalidSettings(
            "QUEUE.url: This is the address of the function deliver: https://… (http:// on loopback), without ? and #."
        )
    return queue


def read_task(body: bytes, headers: Mapping[str, str], attempts: int | None = None) -> Task:
    """Return the task that came; `attempts` is the queue's. Raises UnreadableBody or InvalidSubmission.

    `headers` finds names in any case. They prove nothing: whoever may call `deliver` may write them.
    """
    known = {name: headers[name] for name in _HEADERS if name in headers}
    try:
        carried = TaskSchema().load(read(body, "application/json"))
        told = TaskHeadersSchema().load(known)
    except ValidationError as error:
        errors = [FieldError(*words.split(": ", 1)) for words in in_words(error.messages, "")]
        raise InvalidSubmission(
            "This is not a task of Liaison's queue: look who else calls deliver.", errors=errors
        ) from error
    return Task(**carried, **told, is_last=attempts is not None and told["retries"] + 1 >= attempts)


_HEADERS = [field.data_key or name for name, field in TaskHeadersSchema().fields.items()]
