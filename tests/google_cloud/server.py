"""A Google Cloud on this machine, for the real gcloud: it is the proxy through which gcloud reaches every API.

The APIs are set to plain HTTP under their own names, so that a regional name (europe-west1-run.googleapis.com) arrives
here too, and nothing can leave the machine: what is asked for over TLS is refused.
"""

from __future__ import annotations

import copy
import re
import shutil
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from tests.google_cloud import gates
from tests.google_cloud.listener import Listener
from tests.google_cloud.state import NUMBER, State
from tests.google_cloud.wire import Call, Refusal, info

TOKEN = "ya29.token-of-the-operator"
OPERATOR = "operator@example.com"
APIS = (
    "artifactregistry cloudbilling cloudbuild cloudfunctions cloudresourcemanager cloudscheduler cloudtasks firestore"
)
APIS += " iam logging monitoring run secretmanager serviceusage"


def start() -> RunningGoogle:
    """Return a Google Cloud with one project, `my-project`, that is new and has a billing account."""
    return RunningGoogle()


@dataclass
class _Fault:
    method: str
    pattern: str
    status: int
    reason: str
    times: int

    def meets(self, call: Call) -> bool:
        """Tell whether this call is to fail, and count it."""
        if self.times <= 0 or self.method != call.method or not re.search(self.pattern, call.path):
            return False
        self.times -= 1
        return True

    def refuse(self, call: Call) -> Refusal:
        """Return the refusal in Google's words, as far as they are known."""
        message = f"This call was made to fail: {self.reason}."
        if self.status == 429:
            quota = "quota metric 'Requests' and limit 'Requests per minute'"
            message = f"Quota exceeded for {quota} of service '{call.host}' for consumer 'project_number:{NUMBER}'."
        return Refusal(self.status, message, details=[info(self.reason, service=call.host)])


class RunningGoogle:
    """`environment` points gcloud here, `state` is what there is, `requests` is what was asked, the oldest first.

    A request is (method, API's host name, path, JSON body).
    """

    def __init__(self) -> None:
        self.state = State()
        self.requests: list[tuple[str, str, str, Any]] = []
        self.unknown: list[str] = []  # what was asked for and is not there in this Google Cloud
        self._faults: list[_Fault] = []
        self._left: int | None = None  # how many more changes are let through
        self._cut: Callable[[], object] | None = None
        self._lock = threading.RLock()
        self._folder = Path(tempfile.mkdtemp(prefix="google-cloud-"))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Listener,), {"google": self}))
        threading.Thread(target=self._server.serve_forever, args=(0.02,), name="google-cloud", daemon=True).start()
        self.environment = self._point_gcloud_here()

    @property
    def changes(self) -> list[tuple[str, str, str, Any]]:
        """The requests that were there to change something."""
        return [asked for asked in self.requests if Call(*asked[:3]).changes]

    def fail(self, method: str, pattern: str, status: int, reason: str, times: int = 1) -> None:
        """Refuse the next calls whose path has the pattern, so many times. `reason` is the ErrorInfo's."""
        self._faults.append(_Fault(method, pattern, status, reason, times))

    def drop_after(self, changes: int, then: Callable[[], object] | None = None) -> None:
        """Let so many changes through and hang up on every call after them.

        gcloud tries for half a minute before it gives up; `then`, called once at the first such call, may end it.
        """
        self._left, self._cut = changes, then

    def recover(self) -> None:
        """Behave again."""
        self._left = self._cut = None
        self._faults.clear()

    def answer(self, call: Call) -> Any:
        """Answer a call, or raise Refusal, or ConnectionAbortedError where the line is cut."""
        with self._lock:
            self._hang_up(call)
            self.requests.append((call.method, call.host, call.path, copy.deepcopy(call.body)))
            for fault in self._faults:
                if fault.meets(call):
                    raise fault.refuse(call)
            route = gates.find(call)
            if route is None:
                self.unknown.append(f"{call.method} {call.host}{call.path}")
                raise Refusal(404, f"There is no {call.method} {call.path} at {call.host}.")
            gates.check(self.state, call, route, TOKEN)
            return route.answer(self.state, call)

    def close(self) -> None:
        """Free the port and clear away gcloud's settings."""
        self._server.shutdown()
        self._server.server_close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _hang_up(self, call: Call) -> None:
        if self._left is None:
            return
        if self._left <= 0:
            cut, self._cut = self._cut, None
            if cut:
                cut()
            raise ConnectionAbortedError
        self._left -= call.changes

    def _point_gcloud_here(self) -> dict[str, str]:
        token = self._folder / "token"
        token.write_text(TOKEN)
        overrides = "CLOUDSDK_API_ENDPOINT_OVERRIDES_"
        apis = {f"{overrides}{name.upper()}": f"http://{name}.googleapis.com/" for name in APIS.split()}
        return apis | {
            "CLOUDSDK_CONFIG": str(self._folder),
            "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(token),
            "CLOUDSDK_CORE_ACCOUNT": OPERATOR,
            "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
            "CLOUDSDK_CORE_DISABLE_FILE_LOGGING": "true",
            "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
            "CLOUDSDK_SURVEY_DISABLE_PROMPTS": "true",
            "CLOUDSDK_PROXY_TYPE": "http",
            "CLOUDSDK_PROXY_ADDRESS": "127.0.0.1",
            "CLOUDSDK_PROXY_PORT": str(self._server.server_port),
        }
