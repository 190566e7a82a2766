"""The ledger in Firestore, for any number of instances, with Google's own client.

Every commit is one atomic write, guarded by the update times of the documents that it was decided on: an optimistic
transaction. Those that lock on reading are not used, for a killed process would leave its locks behind for a minute.
https://cloud.google.com/firestore/docs/transaction-data-contention
https://cloud.google.com/firestore/docs/understand-error-codes
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from schemas.ledger import Content, Delivery, Key, Note, Pair
from services.errors import LedgerDown
from services.ledger import firestore_documents as documents
from services.ledger import firestore_queries as queries
from services.ledger.contract import Backlog, Change, Conflict, Due, Wanted

if TYPE_CHECKING:
    from google.api_core.exceptions import GoogleAPICallError
    from google.cloud.firestore import Client

# Seconds for one call of the ledger, all repeats included, and for one try. The client's own default is a minute for
# each. Importing and making the client (half a second, once) come on top.
PATIENCE = 3.0
ONE_TRY = 1.5

R = TypeVar("R", Delivery, Key, Pair, Note)
T = TypeVar("T")


class _Connection:
    """A client, and how many calls it serves at this moment: one that is given up is closed after the last of them."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.calls = 0
        self.is_given_up = False

    def close_if_idle(self) -> None:
        """Close the channel. The client itself has no way to, and a new one would share the old one's connection."""
        if self.is_given_up and self.calls == 0:
            self.client._firestore_api.transport.close()


class FirestoreStore:
    """Records in one database. The client is made at first use, so in the worker, after the fork."""

    def __init__(self, project: str, database: str, *, patience: float = PATIENCE) -> None:
        self.project, self.database = project, database
        self._patience = patience
        self._lock = threading.Lock()
        self._connection: _Connection | None = None

    def __repr__(self) -> str:
        return f"firestore://{self.project}/{self.database}"

    def commit(self, changes: Sequence[Change]) -> tuple[Any, ...]:
        """Write all or nothing. Each document has a stamp of its commit, so that one whose answer got lost is known."""
        from google.api_core import exceptions

        stamp = secrets.token_hex(8)
        tries = 0

        def write(client: Client, timeout: float) -> tuple[Any, ...]:
            nonlocal tries
            tries += 1
            batch, places = documents.batch(client, changes, stamp)
            try:
                written = batch.commit(retry=None, timeout=timeout)
            except (exceptions.AlreadyExists, exceptions.FailedPrecondition, exceptions.NotFound) as error:
                if tries > 1 and (versions := documents.stamped(client, changes, stamp, timeout)):
                    return versions
                raise Conflict from error
            return tuple(None if place is None else written[place].update_time for place in places)

        for parts in self._call(lambda client, _: documents.ahead(client, changes)):
            self._call(lambda _, timeout, parts=parts: parts.commit(retry=None, timeout=timeout))  # type: ignore[misc]
        return self._call(write)

    def deliveries(self, ids: Iterable[str]) -> dict[str, Delivery]:
        """Return those that are there, by id."""
        return {row.id: row for row in self._get(Delivery, [(name,) for name in ids])}

    def keys(self, environment: str, hook: str, keys: Iterable[str]) -> dict[str, Key]:
        """Return those that are there, by key."""
        return {row.key: row for row in self._get(Key, [(environment, hook, name) for name in keys])}

    def pairs(self, environment: str, names: Iterable[str]) -> dict[str, Pair]:
        """Return those that are there, by name."""
        return {row.name: row for row in self._get(Pair, [(environment, name) for name in names])}

    def content(self, content_id: str) -> Content | None:
        """Return a request as it came."""
        return self._call(lambda client, timeout: documents.content(client, content_id, timeout))

    def note(self, environment: str, name: str) -> Note | None:
        """Return a note."""
        return next(iter(self._get(Note, [(environment, name)])), None)

    def due(self, environment: str, now: float, limit: int) -> list[Due]:
        """Return what is due, oldest arrival first among what has been due for longest."""
        return self._call(lambda client, timeout: queries.due(client, environment, now, limit, timeout))

    def find(self, environment: str, wanted: Wanted, limit: int) -> list[Delivery]:
        """Return what is wanted, newest first. A search looks through some thousands."""
        return self._call(lambda client, timeout: queries.find(client, environment, wanted, limit, timeout))

    def backlog(self, environment: str) -> Backlog:
        """Count what is not done."""
        return self._call(lambda client, timeout: queries.backlog(client, environment, timeout))

    def count(self, environment: str, hook: str, standing: str) -> int:
        """Count a hook's deliveries of this standing."""
        return self._call(lambda client, timeout: queries.count(client, environment, hook, standing, timeout))

    def closed(self, standing: str, before: float, limit: int) -> list[Delivery]:
        """Return deliveries of any environment that ended before then and were not emptied yet."""
        return self._call(lambda client, timeout: queries.closed(client, standing, before, limit, timeout))

    def close(self) -> None:
        """Close the connections; the next call makes new ones. Not while others write."""
        if self._connection is not None:
            self._give_up(self._connection)

    def _get(self, kind: type[R], names: Sequence[tuple[str, ...]]) -> list[R]:
        if not names:
            return []
        return self._call(lambda client, timeout: documents.get(client, kind, names, timeout))

    def _call(self, action: Callable[[Client, float], T]) -> T:
        """Do it, and again while Firestore may only be out of breath; raise LedgerDown when the patience is over."""
        from google.api_core import exceptions

        ends = time.monotonic() + self._patience
        pause = 0.02
        while True:
            with self._connected() as connection:
                try:
                    return action(connection.client, max(min(ONE_TRY, ends - time.monotonic()), 0.05))
                except exceptions.GoogleAPICallError as error:
                    is_over = not _is_passing(error) or time.monotonic() + pause > ends
                    if is_over or isinstance(error, exceptions.GatewayTimeout):
                        self._give_up(connection)
                    if is_over:
                        raise self._down(error) from error
            time.sleep(pause * (0.5 + secrets.randbelow(1000) / 1000))
            pause *= 2

    @contextmanager
    def _connected(self) -> Iterator[_Connection]:
        """Lend the one client of this process."""
        with self._lock:
            if self._connection is None:
                self._connection = _Connection(self._connect())
            connection = self._connection
            connection.calls += 1
        try:
            yield connection
        finally:
            with self._lock:
                connection.calls -= 1
                connection.close_if_idle()

    def _give_up(self, connection: _Connection) -> None:
        """Have the next call connect anew.

        A channel that failed tries again only after a pause that grows to two minutes, and one whose connection was
        cut off silently does not notice.
        """
        with self._lock:
            connection.is_given_up = True
            connection.close_if_idle()
            if self._connection is connection:
                self._connection = None

    def _connect(self) -> Client:
        from google.auth.exceptions import GoogleAuthError
        from google.cloud.firestore import Client

        try:
            return Client(project=self.project, database=self.database)
        except GoogleAuthError as error:
            raise LedgerDown(
                "There are no Google credentials here to reach Firestore with."
                " On your own machine run: gcloud auth application-default login"
            ) from error

    def _down(self, error: GoogleAPICallError) -> LedgerDown:
        """Say what an operator can do about it."""
        from google.api_core import exceptions

        flags = f"--project={self.project}"
        if isinstance(error, exceptions.NotFound):
            return LedgerDown(
                f"The project {self.project} has no Firestore database {self.database!r}. Run:"
                f" gcloud firestore databases create --database={self.database} --location=REGION {flags}"
            )
        if isinstance(error, exceptions.PermissionDenied | exceptions.Unauthenticated):
            return LedgerDown(
                f"Firestore does not let us into {self!r}. Grant roles/datastore.user to the function's service"
                f" account: gcloud projects add-iam-policy-binding {self.project} --role=roles/datastore.user"
                " --member=serviceAccount:…"
            )
        if isinstance(error, exceptions.FailedPrecondition):
            return LedgerDown(
                f"An index is missing in {self!r}. Create those of firestore.indexes.json. Firestore says: {error}"
            )
        code = error.grpc_status_code
        return LedgerDown(
            f"Firestore does not answer ({code.name if code else 'no status'}) for {self!r}."
            " If it stays so, look at https://status.cloud.google.com and check LEDGER."
        )


def _is_passing(error: GoogleAPICallError) -> bool:
    """Whether the same call may do a moment later."""
    from google.api_core import exceptions

    return isinstance(
        error,
        exceptions.Aborted  # contention
        | exceptions.ServiceUnavailable
        | exceptions.GatewayTimeout  # DEADLINE_EXCEEDED
        | exceptions.InternalServerError
        | exceptions.Unknown
        | exceptions.TooManyRequests  # RESOURCE_EXHAUSTED
        | exceptions.Cancelled,
    )
