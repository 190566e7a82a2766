"""A call that changes nothing: what cannot be read of its answer leaves no doubt, only a call to be made again."""

from __future__ import annotations

from typing import Any

from services.deadline import Deadline
from services.errors import InDoubt, SuperOfficeUnavailable
from services.superoffice.client import Call, WebApi


def ask(call: Call, webapi: WebApi, deadline: Deadline) -> Any:
    """Return the JSON of the answer; raise SuperOfficeUnavailable where there is none."""
    answer = webapi.send(call, deadline)
    try:
        return answer.json()
    except InDoubt as error:
        raise SuperOfficeUnavailable(error.detail) from error
