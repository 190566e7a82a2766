"""Service accounts, and who may do what: the least rights, on one thing each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from commands.deploy.gcloud import Gcloud
from commands.deploy.resource import Resource, line

ACCOUNT, RIGHT = "service account", "right"
EVERYBODY = ("allUsers", "allAuthenticatedUsers")
INVOKER_ROLE = "roles/run.invoker"


class On(NamedTuple):
    """What a right is on: in words, and how gcloud calls it."""

    label: str
    group: tuple[str, ...]
    target: str
    flags: tuple[str, ...] = ()


def on_project(project: str) -> On:
    """Return the whole project."""
    return On("the project", ("projects",), project)


def on_secret(name: str) -> On:
    """Return one secret."""
    return On(f"the secret {name}", ("secrets",), name)


def on_queue(name: str, region: str) -> On:
    """Return a queue."""
    return On(f"the queue {name}", ("tasks", "queues"), name, (f"--location={region}",))


def on_account(email: str) -> On:
    """Return a service account, for those who may act as it."""
    return On(f"the service account {email.partition('@')[0]}", ("iam", "service-accounts"), email)


def on_function(name: str, region: str) -> On:
    """Return a function: the service in Cloud Run that it is."""
    return On(f"the function {name}", ("run", "services"), name, (f"--region={region}",))


def account(email: str, title: str) -> Resource:
    """Return a service account."""
    short = email.partition("@")[0]
    return Resource(
        ACCOUNT,
        short,
        stage=2,
        lane=short,
        make=(line("iam", "service-accounts", "create", short, f"--display-name={title}", once=True),),
        undo=(line("iam", "service-accounts", "delete", email),),
    )


def right(on: On, role: str, member: str, *, stage: int, lane: str, condition: str = "") -> Resource:
    """Return a right that somebody (`serviceAccount:…`, `user:…`) has on something."""
    words = (on.target, *on.flags, f"--member={member}", f"--role={role}", *_condition(on, condition))
    return Resource(
        RIGHT,
        _name(on, role, member, condition),
        stage=stage,
        lane=lane,
        make=(line(*on.group, "add-iam-policy-binding", *words),),
        undo=(line(*on.group, "remove-iam-policy-binding", *words),),
    )


def look_for_accounts(gcloud: Gcloud) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return the project's service accounts."""
    return {(ACCOUNT, told["email"].partition("@")[0]): {} for told in gcloud.read("iam", "service-accounts", "list")}


def look_for_rights(gcloud: Gcloud, on: On) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return who has which right on something."""
    policy = gcloud.read(*on.group, "get-iam-policy", on.target, *on.flags)
    bindings = policy.get("bindings", ()) if isinstance(policy, Mapping) else ()
    return dict(_rights(on, bindings))


def _rights(on: On, bindings: Any) -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    for binding in bindings:
        condition = binding.get("condition", {}).get("expression", "")
        for member in binding.get("members", ()):
            state = {"on": on, "role": binding["role"], "member": member, "condition": condition}
            yield (RIGHT, _name(on, binding["role"], member, condition)), state


def _name(on: On, role: str, member: str, condition: str) -> str:
    only = f" if {condition}" if condition else ""
    return f"{member.partition(':')[2].partition('@')[0] or member}: {role} on {on.label}{only}"


def _condition(on: On, condition: str) -> tuple[str, ...]:
    if condition:
        return (f"--condition=expression={condition},title=liaison",)
    return ("--condition=None",) if on.group == ("projects",) else ()  # else it asks, where others have conditions
