"""The dry run: the lines of gcloud as a POSIX shell script that works on its own, and may be run again."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence

from commands.deploy.access import EVERYBODY
from commands.deploy.resource import FILLED, Line, Resource
from commands.deploy.secrets import SECRET
from schemas.serverless import Deployment

_HEAD = """\
#!/bin/sh
# Liaison in the project {project}, in {region}, as `./liaison deploy` makes it. Run it in Liaison's folder, as often as
# you like. Secrets that have no value yet are asked for, or taken from a folder with a file for each:
# SECRETS_FOLDER=… sh this-file
set -eu
export CLOUDSDK_CORE_DISABLE_PROMPTS=1
if [ ! -f main.py ] || [ ! -f requirements.txt ]; then
  echo "Run this in Liaison's folder." >&2
  exit 1
fi

# Runs a line; what Google is not ready for yet, because it was made a moment ago, is tried again.
run() {{
  tries=7
  while ! said=$("$@" 2>&1); do
    tries=$((tries - 1))
    case $said in
      *'does not exist'* | *SERVICE_DISABLED* | *'concurrent policy changes'*) [ "$tries" -gt 0 ] || break ;;
      *) tries=0 && break ;;
    esac
    sleep 5
  done
  [ "$tries" -gt 0 ] || {{ printf '%s\\n' "$said" >&2; return 1; }}
}}

# The same for what may be there already.
once() {{
  if ! said=$(run "$@" 2>&1); then
    case $said in
      *ALREADY_EXISTS* | *'already exists'* | *alreadyExists* | *'HTTPError 409'*) ;;
      *) printf '%s\\n' "$said" >&2; return 1 ;;
    esac
  fi
}}

# Gives a secret its first value: $1 is its name in Secret Manager, $2 the name of its file.
secret() {{
  once gcloud secrets create "$1" --replication-policy=automatic --project={project}
  if [ -n "$(gcloud secrets versions list "$1" --limit=1 '--format=value(name)' --project={project})" ]; then
    return
  fi
  if [ -n "${{SECRETS_FOLDER-}}" ]; then
    gcloud secrets versions add "$1" --data-file="$SECRETS_FOLDER/$2" --project={project}
    return
  fi
  printf 'Secret %s (an empty line ends it): ' "$2" >&2
  if [ -t 0 ]; then stty -echo; fi
  while IFS= read -r row && [ -n "$row" ]; do printf '%s\\n' "$row"; done |
    gcloud secrets versions add "$1" --data-file=- --project={project}
  if [ -t 0 ]; then stty echo; echo >&2; fi
}}
"""

_TAIL = """\

# Nobody but {invoker} may call these.
for function in {closed}; do
  if gcloud run services get-iam-policy "$function" --region={region} --project={project} | grep -E '{everybody}'; then
    echo "IAM lets everybody call $function: take that away." >&2
    exit 1
  fi
done

echo "Liaison is in the project {project}. Its address is {address}; whether it is well: {address}/health"
"""


def script(deployment: Deployment, wanted: Iterable[Resource]) -> str:
    """Return the whole script; it holds no secret."""
    project = deployment.project
    in_order = sorted(wanted, key=lambda resource: resource.stage)
    parts = [_HEAD.format(project=project, region=deployment.region)]
    parts += ["\n".join(["", *_part(resource, project), ""]) for resource in in_order]
    functions = deployment.functions.values()
    parts.append(
        _TAIL.format(
            project=project,
            region=deployment.region,
            invoker=deployment.invoker,
            closed=" ".join(function.name for function in functions if not function.is_public),
            everybody="|".join(EVERYBODY),
            address=deployment.addresses["webhook"],
        )
    )
    return "".join(parts)


def _part(resource: Resource, project: str) -> Iterator[str]:
    yield "echo " + shlex.quote(f"{resource.kind}: {resource.name}")
    if resource.kind == SECRET:
        yield f"secret {resource.name} {resource.make[-1].secret}"
    elif resource.look:
        yield f'if [ -z "$({_gcloud(resource.look, project)})" ]; then'
        yield from (f"  {_written(each, project)}" for each in resource.make)
        if resource.change:
            yield "else"
            yield from (f"  {_written(each, project)}" for each in resource.change)
        yield "fi"
    else:
        lines = resource.make if resource.make == resource.change else resource.make + resource.change
        yield from (_written(each, project) for each in lines)


def _written(each: Line, project: str) -> str:
    written = ("once " if each.once else "run ") + _gcloud(each.words, project)
    if each.fill:
        written = written.replace(FILLED, f"'\"$({_gcloud(each.fill, project)})\"'")
    return written


def _gcloud(words: Sequence[str], project: str) -> str:
    return " ".join(["gcloud", *map(shlex.quote, words), f"--project={shlex.quote(project)}"])
