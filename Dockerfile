# Liaison as a container, for those who are not on Google Cloud: README.md, "Without Google Cloud", tells how it is run.
# It needs no Docker in particular: podman, buildah and Kubernetes take it as well.
FROM python:3.12-slim

WORKDIR /liaison
COPY requirements.txt ./
RUN python -m venv .venv \
 && .venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes --requirement requirements.txt

COPY liaison main.py ./
COPY handlers/ handlers/
COPY schemas/ schemas/
COPY services/ services/
COPY commands/ commands/
# Compiled now: the user of the running container may write nowhere but into var/.
RUN .venv/bin/python -m compileall -q main.py handlers schemas services commands \
 && install --directory --mode=700 --owner=10001 --group=10001 var

# webhook, or another function of main.py: one image for all of them.
ENV FUNCTION_TARGET=webhook \
    PORT=8080 \
    THREADS=80 \
    HOOKS=/etc/liaison/hooks.yaml \
    SECRETS=file:/etc/liaison/secrets.yaml \
    LEDGER=sqlite:var/ledger.db \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TMPDIR=/dev/shm
# /dev/shm is memory, and can be written to where all else is read-only: the server's sign of life is a file there.

USER 10001:10001
VOLUME /liaison/var
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD [".venv/bin/python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health', timeout=4)"]
CMD [".venv/bin/functions-framework"]
