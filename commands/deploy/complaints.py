"""What gcloud complains of, in words: what is wrong, and what to do next."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

# How Google begins the names of rights, how gcloud begins the lines that need them, and the role that holds them. The
# first that fits counts; Google does not always name the right.
_ROLES = (
    ("cloudfunctions.functions.get", "", "roles/cloudfunctions.viewer"),
    ("cloudfunctions.", "functions", "roles/cloudfunctions.admin"),
    ("run.", "run", "roles/run.admin"),
    ("iam.serviceaccounts.actas", "", "roles/iam.serviceAccountUser"),
    ("iam.", "iam", "roles/iam.serviceAccountAdmin"),
    ("resourcemanager.", "projects", "roles/resourcemanager.projectIamAdmin"),
    ("secretmanager.", "secrets", "roles/secretmanager.admin"),
    ("datastore.", "firestore", "roles/datastore.owner"),
    ("cloudtasks.", "tasks", "roles/cloudtasks.admin"),
    ("cloudscheduler.", "scheduler", "roles/cloudscheduler.admin"),
    ("logging.", "logging", "roles/logging.configWriter"),
    ("monitoring.", "alpha", "roles/monitoring.editor"),
    ("monitoring.", "beta", "roles/monitoring.editor"),
    ("serviceusage.", "services", "roles/serviceusage.serviceUsageAdmin"),
    ("storage.", "", "roles/storage.admin"),
    ("cloudbuild.", "", "roles/cloudbuild.builds.editor"),
)
CALLER = "user:YOUR-ADDRESS"  # stands for whoever is logged in
_RIGHT = re.compile(r"""(?:[Pp]ermissions?:?) ['"\[]?([a-z]+\.[A-Za-z.]+\w)|\[([a-z]+\.[a-z]+\w*\.\w+)\] permission""")
_API = re.compile(r"\b([a-z]+\.googleapis\.com)\b")
_BUILD_LOG = re.compile(r"https://console\.cloud\.google\.com/cloud-build/\S+?(?=[.\s\]]*(?:\s|$))")


def complaint(told: str, words: Sequence[str], project: str) -> str:
    """Say what gcloud's text `told` means for whoever ran the line of these words."""
    if words[:2] == ("functions", "describe") and re.search(r"not found|NOT_FOUND", told):
        return _not_deployed(told, words, project)
    for pattern, explain in _MEANINGS:
        if re.search(pattern, told):
            return explain(told, words, project)
    return f"`gcloud {_shown(words)}` did not work. {_last_words(told)} Mend that and run the same command again."


def _missing_tool(*_: object) -> str:
    return (
        "The Google Cloud CLI (gcloud) is not on this machine. Install it as https://cloud.google.com/sdk/docs/install"
        " says, run `gcloud auth login`, and then the same command again."
    )


def _missing_part(*_: object) -> str:
    return "A part of gcloud is missing. Run `gcloud components install alpha beta`, and then the same command again."


def _not_deployed(_: str, words: Sequence[str], project: str) -> str:
    return (
        f"There is no function {words[2]} in the project {project}, {words[-2].partition('=')[2]}. Check --name and"
        f" --region, or run: ./liaison deploy --project {project}"
    )


def _timed_out(_: str, words: Sequence[str], __: str) -> str:
    return f"`gcloud {_shown(words)}` gave no answer in 20 minutes. Run the same command again: it goes on from here."


def _logged_out(*_: object) -> str:
    return (
        "You are not logged in to Google Cloud, or no longer. Run `gcloud auth login`, and then the same command again."
    )


def _no_billing(_: str, __: Sequence[str], project: str) -> str:
    return (
        f"The project {project} has no billing account, and Google starts nothing without one. Choose one at"
        f" https://console.cloud.google.com/billing/linkedaccount?project={project} and run the same command again."
    )


def _no_api(told: str, _: Sequence[str], project: str) -> str:
    found = _API.search(told)
    api = found[1] if found else "the API"
    return (
        f"{api} is not switched on in the project {project}. Run `gcloud services enable {api} --project={project}`,"
        " wait a minute, and run the same command again."
    )


def _no_project(_: str, __: Sequence[str], project: str) -> str:
    return (
        f"There is no project {project}, or this account may not see it. `gcloud projects list` shows the IDs of yours,"
        " and `gcloud auth list` the account; give the ID to --project."
    )


def _no_region(_: str, words: Sequence[str], __: str) -> str:
    region = next((word.partition("=")[2] for word in words if re.match(r"--(region|location)s?=", word)), "this one")
    return (
        f"The region {region} is not one, or does not have this service. `gcloud functions regions list` shows those"
        " that do; give one to --region."
    )


def _no_more(_: str, words: Sequence[str], project: str) -> str:
    return (
        f"A quota of the project {project} is used up (`gcloud {_shown(words)}`). Wait a minute and run the same"
        f" command again; if it stays so, ask for more at https://console.cloud.google.com/iam-admin/quotas?project={project}."
    )


def _outsiders(_: str, __: Sequence[str], project: str) -> str:
    return (
        "Your organization does not allow that everybody calls a function (the policy"
        " iam.allowedPolicyMemberDomains), and forms cannot log in. Ask its administrator for an exception for the"
        f" project {project}, and run the same command again."
    )


def _build_failed(told: str, _: Sequence[str], project: str) -> str:
    found = _BUILD_LOG.search(told)
    where = found[0] if found else f"https://console.cloud.google.com/cloud-build/builds?project={project}"
    return f"Google could not build the function; {where} tells why. Mend that and run the same command again."


def _queue_too_young(*_: object) -> str:
    return (
        "A queue of this name was deleted not long ago, and Google keeps the name back for up to a week."
        " Give another name to --name, or run the same command again later."
    )


def _database_too_young(*_: object) -> str:
    return (
        "A database of this name was deleted just now, and Google keeps the name back for some minutes."
        " Run the same command again then."
    )


def _no_network(*_: object) -> str:
    return (
        "Google cannot be reached from here. Check the network, and run the same command again: it goes on from here."
    )


def _no_right(told: str, words: Sequence[str], project: str) -> str:
    found = _RIGHT.search(told)
    right = next((group for group in found.groups() if group), "") if found else ""
    of_right = [role for start, _, role in _ROLES if right.lower().startswith(start)]
    of_line = [role for _, group, role in _ROLES if group and group in words[:1]]
    role = next(iter(of_right + of_line), "roles/owner")
    what = f"the right {right}" if right else f"a right for `gcloud {_shown(words)}`"
    return (
        f"Your account lacks {what} in the project {project}. An owner of the project grants it with: gcloud projects"
        f" add-iam-policy-binding {project} --member={CALLER} --role={role} --condition=None"
        + (". If it has that right, the region is without Cloud Scheduler." if "scheduler" in words[:1] else "")
    )


_Explain = Callable[[str, Sequence[str], str], str]
# The first that fits counts: what is more special stands above.
_MEANINGS: tuple[tuple[str, _Explain], ...] = (
    (r"^gcloud: command not found", _missing_tool),
    (r"^TIMED OUT", _timed_out),
    (r"do not currently have this command group installed", _missing_part),
    (
        r"do not currently have an active account|gcloud auth login|[Rr]eauthentication|invalid_grant"
        r"|invalid authentication credentials|UNAUTHENTICATED|CREDENTIALS_MISSING",
        _logged_out,
    ),
    (
        r"(?i)billing account|billing must be enabled|billing to be enabled|BILLING_DISABLED|requires billing",
        _no_billing,
    ),
    (r"SERVICE_DISABLED|API \[[a-z.]+\] not enabled|has not been used in project|API has not been enabled", _no_api),
    (r"[Pp]ermission '[a-z]+\.[\w.]+' denied|lacks IAM permission", _no_right),
    (r"existed too recently", _queue_too_young),
    (r"(?i)database id .* is not available", _database_too_young),
    (r"do not belong to a permitted customer|allowedPolicyMemberDomains", _outsiders),
    (r"Build failed", _build_failed),
    (
        r"[Pp]ermission denied on 'locations/|[Ll]ocation \S+ is not found|is not a valid location"
        r"|[Uu]nsupported location"
        r"|[Ii]nvalid (?:choice for )?location|LOCATION_POLICY_VIOLATED|location \S+ is not supported"
        r"|cannot be found in the list of (?:available )?regions|[Rr]egion \S+ (?:is not|not) ",
        _no_region,
    ),
    (
        r"RESOURCE_EXHAUSTED|[Qq]uota exceeded|rateLimitExceeded|RATE_LIMIT_EXCEEDED|QUOTA_EXCEEDED|HTTPError 429",
        _no_more,
    ),
    (
        r"permission to access projects instance|[Pp]roject '?\[?[\w:.-]+\]?'? (?:was )?not found|USER_PROJECT_DENIED"
        r"|CONSUMER_INVALID|Project \S+ has been deleted|[Pp]roject '\S+' not found"
        r"|not a valid project|denied on resource project|PROJECT_NOT_FOUND",
        _no_project,
    ),
    (
        r"PERMISSION_DENIED|does not have permission|[Pp]ermission '?[a-z]+\.|HTTPError 403|forbidden"
        r"|missing permission|IAM_PERMISSION_DENIED",
        _no_right,
    ),
    (
        r"Max retries exceeded|Unable to find the server|[Nn]etwork is unreachable|Connection refused"
        r"|Connection aborted|[Nn]ame resolution|RemoteDisconnected|ServerNotFoundError|Temporary failure|ProxyError",
        _no_network,
    ),
)


def _shown(words: Sequence[str]) -> str:
    """Return the line's first words: what it does, without the values."""
    return " ".join(word for word in words[:6] if not word.startswith("-") and "@" not in word and "{" not in word)


def _last_words(told: str) -> str:
    """Return gcloud's own sentence: from the last ERROR on, bounded."""
    last = told[told.rfind("ERROR:") :] if "ERROR:" in told else told
    sentence = re.sub(r"ERROR: \([\w.-]+\) ", "", " ".join(last.split()))[:400].rstrip()
    return f"Google says: {sentence}" + ("" if sentence.endswith((".", "!")) else ".") if sentence else ""
