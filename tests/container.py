"""Builds the Dockerfile and runs what comes of it, without a daemon and without the registry of base images.

buildah builds it for real. In place of the base image stands a Debian made here, with the same commands, in which the
packages wait. What comes of it runs as a container engine would run it with `--read-only`: the image's own user,
variables and command, its root mounted read-only, and a volume on var/.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.examples import ROOT
from tests.tools import give_up, need

DEBIAN, PYTHON = "bookworm", "3.11"
# Mounts are this process's own, and go with it. /dev brings /dev/shm.
ENTER = """
root=$1 user=$2 etc=$3 var=$4; shift 4
mount --bind "$root" "$root"
mount --bind "$etc" "$root/etc/liaison"
mount --bind "$var" "$root/liaison/var"
mount --rbind /dev "$root/dev"
mount -o remount,bind,ro "$root"
mount -o remount,bind,ro "$root/etc/liaison"
exec chroot --userspec="$user" "$root" /usr/bin/env --ignore-environment --chdir=/liaison "$@"
"""


class Image:
    """The built image: its folder, and its configuration as Docker reads it."""

    def __init__(self, root: Path, config: Mapping[str, Any]) -> None:
        self.root, self.config = root, config
        (root / "etc/liaison").mkdir()  # a container engine makes the place of a mount by itself

    def command(self, line: list[str], etc: Path, var: Path, **environment: str) -> list[str]:
        """Return what runs a line in a container of this image."""
        variables = [*self.config["Env"], *(f"{name}={value}" for name, value in environment.items())]
        places = [str(place) for place in (self.root, self.config["User"], etc, var)]
        return ["unshare", "--mount", "bash", "-ec", ENTER, "enter", *places, *variables, *line]


def build(folder: Path, checkout: Path) -> Image:
    """Build the image of a checkout; skips, or fails in CI, where a tool or the right to use it is missing."""
    need("buildah", "debootstrap", "unshare", install="the packages buildah, debootstrap and util-linux")
    if os.geteuid() != 0:
        give_up("Only root can build and run a container without a daemon.")
    buildah = ["buildah", "--root", f"{folder}/store", "--runroot", f"{folder}/run"]
    base = run([*buildah, "from", "scratch"]).strip()
    run([*buildah, "add", "--quiet", base, str(_make_base(folder / "base")), "/"])
    run([*buildah, "commit", "--quiet", base, base_image(checkout)])
    options = ["--isolation=chroot", "--format=docker", "--pull-never", "--tag=liaison"]
    run([*buildah, "build", *options, str(checkout)])
    built = run([*buildah, "from", "--pull-never", "liaison"]).strip()
    config = json.loads(run([*buildah, "inspect", "--type=image", "liaison"]))["Docker"]["config"]
    return Image(Path(run([*buildah, "mount", built]).strip()), config)


def base_image(checkout: Path) -> str:
    """Return what the Dockerfile is built on."""
    lines = (checkout / "Dockerfile").read_text(encoding="utf-8").splitlines()
    (base,) = (shlex.split(line)[1] for line in lines if line.startswith("FROM "))
    return base


def run(command: list[str]) -> str:
    """Run to the end and return what was printed; a failure shows it all."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _make_base(folder: Path) -> Path:
    """Make a small Debian with Python, and with the wheels of requirements.txt, from which alone pip may install."""
    run(["debootstrap", "--variant=minbase", "--include=python3-venv,ca-certificates", DEBIAN, str(folder)])
    (folder / "usr/local/bin/python").symlink_to("/usr/bin/python3")
    download = ["download", "--quiet", "--require-hashes", "--only-binary=:all:", f"--python-version={PYTHON}"]
    requirements = str(ROOT / "requirements.txt")
    run([sys.executable, "-m", "pip", *download, "--dest", str(folder / "wheels"), "--requirement", requirements])
    (folder / "etc/pip.conf").write_text("[global]\nno-index = true\nfind-links = /wheels\n", encoding="utf-8")
    return folder
