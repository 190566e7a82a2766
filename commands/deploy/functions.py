"""The functions: deployed from this folder, and not again while neither they nor the program changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from commands.deploy import access
from commands.deploy.gcloud import Gcloud
from commands.deploy.resource import Resource, line
from schemas.serverless import Deployment, Function
from services.errors import InvalidSettings

FUNCTION, ELSEWHERE = "function", "function in another region"
LABEL = "liaison-source"  # holds the fingerprint of what was uploaded
_INGRESS = {
    "ALLOW_ALL": "all",
    "ALLOW_INTERNAL_ONLY": "internal-only",
    "ALLOW_INTERNAL_AND_GCLB": "internal-and-gclb",
}
_GOOGLES_OWN = {"LOG_EXECUTION_ID"}  # gcloud may add it
_DELIMITERS = ("|", "#", "~", ";", "||", "##", "~~", ";;")


def functions(deployment: Deployment, source: str, members: Iterable[str] = ()) -> list[Resource]:
    """Return the functions, each with who may call it; the public one comes last, when the others can be called.

    `members` may see who may call the others.
    """
    wanted = []
    for function in deployment.functions.values():
        stage = 5 if function.is_public else 4
        wanted.append(_function(function, deployment, source, stage))
        on = access.on_function(function.name, deployment.region)
        roles = [(access.INVOKER_ROLE, member) for member in function.invokers]
        roles += [] if function.is_public else [("roles/run.viewer", member) for member in members]
        wanted += [access.right(on, role, who, stage=stage, lane=function.name) for role, who in roles]
    return wanted


def _function(function: Function, deployment: Deployment, source: str, stage: int) -> Resource:
    environment = {name: value for name, value in function.environment.items() if value}
    build = f"projects/{deployment.project}/serviceAccounts/{deployment.build.service_account}"
    region = f"--region={deployment.region}"
    deploy = line(
        *("functions", "deploy", function.name, "--gen2", region, "--source=."),
        *_flags(function),
        f"--build-service-account={build}",
        f"--set-env-vars={_variables(environment)}",
        f"--update-labels={LABEL}={source}",
    )
    return Resource(
        FUNCTION,
        function.name,
        stage=stage,
        lane=function.name,
        make=(deploy,),
        change=(deploy,),
        undo=(line("functions", "delete", function.name, "--gen2", region),),
        wanted={
            "state": "ACTIVE",
            "source": source,
            **_facts(function),
            "build account": build,
            "settings": environment,
        },
    )


def _flags(function: Function) -> Iterator[str]:
    yield f"--runtime={function.runtime}"
    yield f"--entry-point={function.target}"
    yield "--trigger-http"
    yield "--allow-unauthenticated" if function.is_public else "--no-allow-unauthenticated"
    yield f"--memory={function.memory}Mi"
    yield f"--cpu={function.cpu}"
    yield f"--timeout={function.timeout_seconds}s"
    yield f"--concurrency={function.concurrency}"
    yield f"--min-instances={function.min_instances}"
    yield f"--max-instances={function.max_instances}"
    yield f"--ingress-settings={_INGRESS[function.ingress]}"
    yield f"--service-account={function.service_account}"


def _facts(function: Function) -> dict[str, str | int]:
    """Return what `state_of` must find after these flags."""
    return {
        "runtime": function.runtime,
        "entry point": function.target,
        "memory": f"{function.memory}Mi",
        "CPU": function.cpu,
        "time limit": function.timeout_seconds,
        "concurrency": function.concurrency,
        "minimum of instances": function.min_instances,
        "maximum of instances": function.max_instances,
        "ingress": function.ingress,
        "service account": function.service_account,
    }


def _variables(environment: Mapping[str, str]) -> str:
    """Write variables for gcloud (`gcloud topic escaping`): between them stands what is in none of them."""
    delimiter = next((sign for sign in _DELIMITERS if not any(sign in value for value in environment.values())), None)
    if delimiter is None:
        raise InvalidSettings(
            "The settings hold too many of the signs | # ~ ; to be written for gcloud: leave some out."
        )
    return f"^{delimiter}^" + delimiter.join(f"{name}={value}" for name, value in sorted(environment.items()))


def look_for_functions(gcloud: Gcloud, region: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return the project's functions of the second generation, those of this region with their state."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for told in gcloud.read("functions", "list", "--v2"):
        _, _, _, place, _, name = told["name"].split("/")
        found[FUNCTION if place == region else ELSEWHERE, name] = (
            state_of(told) if place == region else {"region": place}
        )
    return found


def state_of(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what matters of a function as Google describes it."""
    config, build = told.get("serviceConfig", {}), told.get("buildConfig", {})
    variables = config.get("environmentVariables", {})
    return {
        "state": told.get("state"),
        "source": told.get("labels", {}).get(LABEL),
        "runtime": build.get("runtime"),
        "entry point": build.get("entryPoint"),
        "memory": config.get("availableMemory"),
        "CPU": config.get("availableCpu"),
        "time limit": config.get("timeoutSeconds"),
        "concurrency": config.get("maxInstanceRequestConcurrency"),
        "minimum of instances": config.get("minInstanceCount", 0),
        "maximum of instances": config.get("maxInstanceCount"),
        "ingress": config.get("ingressSettings"),
        "service account": config.get("serviceAccountEmail"),
        "build account": build.get("serviceAccount"),
        "settings": {name: value for name, value in variables.items() if name not in _GOOGLES_OWN},
        "address": config.get("uri") or told.get("url"),
    }


def fingerprint(root: Path, patterns: Iterable[str]) -> str:
    """Return what tells one uploaded source from another: a hash of all that the patterns of the package name."""
    digest = hashlib.sha256()
    for path in sorted(_uploaded(root, patterns)):
        digest.update(f"{path.relative_to(root).as_posix()}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:40]


def _uploaded(root: Path, patterns: Iterable[str]) -> set[Path]:
    found: set[Path] = set()
    for pattern in patterns:
        if not pattern.startswith("!"):
            folder = pattern.removesuffix("/**")
            found.update((root / folder).rglob("*") if folder != pattern else [root / pattern])
    return {path for path in found if path.is_file() and "__pycache__" not in path.parts}
