"""Makes and changes what is not as wanted: stage by stage, what does not wait for each other side by side."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import NamedTuple

import click

from commands import printing
from commands.deploy.gcloud import Gcloud
from commands.deploy.resource import Found, Line, Resource, differences
from services.errors import LiaisonError, Misconfigured

AT_ONCE = 4


class Stopped(LiaisonError):
    """Somebody ended the run."""

    reason = "stopped"


class Step(NamedTuple):
    """A thing that is not as wanted. `changes` is empty where it is not there at all."""

    resource: Resource
    changes: tuple[str, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        """What has to be run."""
        return self.resource.change if self.changes else self.resource.make


def steps(wanted: Iterable[Resource], found: Found) -> list[Step]:
    """Return what has to be made or changed. Raises Misconfigured where something can never be what it must."""
    needed = []
    for resource in wanted:
        changes = differences(resource, found)
        if changes == ():
            continue
        if changes and not resource.change:
            raise Misconfigured(
                f"The {resource.kind} {resource.name} is there, but not as it must be ({'; '.join(changes)}), and that"
                " cannot be changed. Take another name with --name."
            )
        needed.append(Step(resource, changes or ()))
    return needed


def carry_out(
    gcloud: Gcloud, needed: Sequence[Step], values: Mapping[str, str], tell: Callable[[Step, bool], None]
) -> None:
    """Run the lines of all steps; `tell` hears of each when it starts and when it is done (True).

    After the first that does not work nothing more is started, and its error is raised.
    """
    stop = threading.Event()

    def run(lane: Sequence[Step]) -> None:
        for step in lane:
            if stop.is_set():
                return
            tell(step, False)
            try:
                for made in step.lines:
                    gcloud.run(made, values.get(made.secret, ""))
            except LiaisonError:
                stop.set()
                raise
            tell(step, True)

    in_order = sorted(needed, key=lambda step: step.resource.stage)
    try:
        for _, stage in groupby(in_order, key=lambda step: step.resource.stage):
            with ThreadPoolExecutor(AT_ONCE) as pool:
                for done in [pool.submit(run, lane) for lane in _lanes(stage)]:
                    done.result()
    except KeyboardInterrupt:  # the lines that ran heard of it too, and after them nothing more is started
        raise Stopped("Stopped in the middle. Run the same command again: it goes on from here.") from None


def progress(total: int, slow: str = "") -> Callable[[Step, bool], None]:
    """Return what prints each thing when it is done; one of the kind `slow` also when it is begun."""
    lock, done = threading.Lock(), Counter[bool]()

    def tell(step: Step, is_done: bool) -> None:
        thing = f"{step.resource.kind} {step.resource.name}"
        with lock:
            done[is_done] += 1
            if is_done:
                click.echo(printing.verdict(True, f"{done[True]}/{total} {thing}"))
            elif step.resource.kind == slow:
                click.echo(f"… {thing}: takes two or three minutes")

    return tell


def _lanes(stage: Iterable[Step]) -> list[list[Step]]:
    lanes: dict[str, list[Step]] = {}
    for step in stage:
        lanes.setdefault(step.resource.lane, []).append(step)
    return list(lanes.values())
