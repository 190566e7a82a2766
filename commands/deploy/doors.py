"""Who may call the functions that are not for everybody: IAM alone keeps them closed."""

from __future__ import annotations

from commands.deploy import access
from commands.deploy.gcloud import Gcloud
from commands.deploy.resource import Found
from schemas.serverless import Deployment
from services.errors import Misconfigured


def refuse_open_doors(deployment: Deployment, found: Found) -> None:
    """Raise Misconfigured where IAM lets everybody call a function that only the invoker may call."""
    closed = {f"the function {each.name}" for each in deployment.functions.values() if not each.is_public}
    for (kind, _), state in found.items():
        if kind != access.RIGHT or state["member"] not in access.EVERYBODY:
            continue
        on, role = state["on"], state["role"]
        if on.label in closed or (on.label == "the project" and _lets_call(role)):
            words = [*on.group, "remove-iam-policy-binding", on.target, *on.flags]
            words += [f"--member={state['member']}", f"--role={role}", f"--project={deployment.project}"]
            raise Misconfigured(
                f"IAM lets everybody ({state['member']}) call {on.label}: {role}. Take that away, and run the same"
                f" command again: gcloud {' '.join(words)}"
            )


def _lets_call(role: str) -> bool:
    return role.startswith(("roles/run.", "roles/owner", "roles/editor", "roles/cloudfunctions."))


def look_at_doors(gcloud: Gcloud, deployment: Deployment) -> Found:
    """Return who may do what in the project, and with the functions that are closed."""
    closed = [each.name for each in deployment.functions.values() if not each.is_public]
    places = [access.on_project(deployment.project), *(access.on_function(name, deployment.region) for name in closed)]
    return {key: state for place in places for key, state in access.look_for_rights(gcloud, place).items()}
