"""What the setting QUEUE names, and what a task of that queue carries."""

from __future__ import annotations

from typing import Any, NamedTuple

from marshmallow import EXCLUDE, Schema, fields, post_load, validate

from schemas.strict import Strict, required, text

MOST_ATTEMPTS = 1_000_000


class Queue(NamedTuple):
    """A queue of Cloud Tasks. `url` is the address of `deliver`, called in the name of `service_account`.

    `attempts` is the queue's own maximum for a task, None where it has none: Cloud Tasks does not tell it to `deliver`.
    """

    project: str
    location: str
    name: str
    url: str
    service_account: str
    attempts: int | None = None
    endpoint: str | None = None

    @property
    def path(self) -> str:
        """The queue's name in Google's API."""
        return f"projects/{self.project}/locations/{self.location}/queues/{self.name}"


class QueueSchema(Strict):
    """The parts of `cloud-tasks://PROJECT/LOCATION/NAME?url=…&service_account=…`.

    https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues (the names)
    """

    project = fields.String(
        required=True,
        validate=validate.Regexp(r"[a-z0-9][a-z0-9.:-]*\Z", error="{input!r} is no project: write its id, my-project."),
    )
    location = fields.String(
        required=True,
        validate=validate.Regexp(r"[a-z0-9][a-z0-9-]*\Z", error="{input!r} is no location: write europe-west1."),
    )
    name = fields.String(
        required=True,
        validate=validate.Regexp(r"[A-Za-z0-9-]{1,100}\Z", error="{input!r} is no queue: use letters, digits and -."),
    )
    url = text(**required("url=https://deliver-abc123-ew.a.run.app, the address of the function deliver."))
    service_account = fields.String(
        validate=validate.Regexp(r"[^@\s]+@[^@\s]+\Z", error="{input!r} is no service account: write its e-mail."),
        **required("service_account=liaison-tasks@my-project.iam.gserviceaccount.com, which may call deliver."),
    )
    attempts = fields.Integer(
        load_default=None,
        validate=validate.Range(1, MOST_ATTEMPTS, error="This is how often the queue tries a task: 1 or more."),
        error_messages={"invalid": "This is a whole number: how often the queue tries a task, such as 100."},
    )
    endpoint = fields.String(
        load_default=None,
        validate=validate.Regexp(
            r"[A-Za-z0-9.-]+(:[0-9]{1,5})?\Z", error="{input!r} is no endpoint: write host or host:port."
        ),
    )

    @post_load
    def build(self, loaded: dict[str, Any], **_: Any) -> Queue:
        """Make the tuple."""
        return Queue(**loaded)


class Task(NamedTuple):
    """What came out of the queue: which delivery, and how often this task was tried before.

    `name` is the task's in the queue, None where it was called by hand. Where `is_last` and it fails once more, the
    queue forgets it.
    """

    delivery: str
    environment: str
    name: str | None = None
    retries: int = 0
    is_last: bool = False


class TaskSchema(Schema):
    """The body of a task. A newer version's task may hold more."""

    error_messages = {"type": "A task is a JSON object with delivery and environment."}  # noqa: RUF012

    class Meta:
        """A newer version may write more, and an older one still at work leaves that alone."""

        unknown = EXCLUDE

    delivery = fields.String(
        validate=validate.Regexp(r"[0-7][0-9A-HJKMNP-TV-Z]{25}\Z", error="This is no delivery's id: 26 signs, 01J…"),
        **required("the id of the delivery, 01J…"),
    )
    environment = text(**required("the SuperOffice installation and tenant that the delivery is for."))


class TaskHeadersSchema(Schema):
    """What Cloud Tasks says of a task: https://cloud.google.com/tasks/docs/creating-http-target-tasks#handler.

    TaskRetryCount counts every try before this one. TaskExecutionCount leaves out those that ended in a 5xx or in
    nothing, so it cannot tell how many are left.
    """

    class Meta:
        """The other headers are none of this module's."""

        unknown = EXCLUDE

    name = fields.String(data_key="X-CloudTasks-TaskName", load_default=None)
    retries = fields.Integer(
        data_key="X-CloudTasks-TaskRetryCount",
        load_default=0,
        validate=validate.Range(0, error="This is not negative."),
        error_messages={"invalid": "This is a whole number."},
    )
