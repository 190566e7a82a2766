# Needs Python 3.11 or newer, make, and this folder. `make` alone lists what there is.

PORT ?= 8080
FUZZ_SECONDS ?= 60
PYTHONS = python3 python3.14 python3.13 python3.12 python3.11
venv = .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help run install test lint check bench fuzz lock clean anew

help:
	@echo "make run      start Liaison and a made-up SuperOffice tenant on this machine (PORT=$(PORT))"
	@echo "make install  only set up .venv"
	@echo "make test     run the tests that need nothing but Python"
	@echo "make check    run every test, and check format, lint and types"
	@echo "make bench    measure speed, cold start and memory"
	@echo "make fuzz     look for what breaks it for FUZZ_SECONDS ($(FUZZ_SECONDS))"
	@echo "make lock     pin requirements*.in again; UPGRADE=--upgrade takes newer versions"
	@echo "make clean    remove .venv and var/: the made-up tenant, and the secrets and the ledger on this machine"

run: .venv/.installed
	@exec $(venv) -m commands.run --port '$(PORT)'

install: .venv/.installed
	@echo '.venv is ready.'

test: .venv/.installed-dev
	@$(venv) -m pytest -n auto

lint: .venv/.installed-dev
	@$(venv) -m ruff format --check --quiet .
	@$(venv) -m ruff check --quiet .
	@$(venv) -m mypy --no-error-summary

check: lint
	@$(venv) -m pytest -n auto -m ""

bench: .venv/.installed-dev
	@$(venv) -m bench

fuzz: .venv/.installed-fuzz
	@FUZZ_SECONDS='$(FUZZ_SECONDS)' $(venv) -m fuzz

# --universal: one file for every Python from 3.11 on and every platform.
lock: .venv/.installed
	@$(venv) -m pip install --quiet --disable-pip-version-check uv
	@for name in requirements requirements-dev requirements-fuzz; do \
	  $(venv) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	    --no-header $(UPGRADE) --output-file $$name.txt $$name.in || exit; \
	done

clean:
	@rm -rf var .venv

# Later runs are instant: the stamps are as old as the last installation.
.venv/.installed: requirements.txt
	@$(call set_up,requirements.txt)
	@touch $@

# The development requirements hold all the others.
.venv/.installed-dev: requirements.txt requirements-dev.txt
	@$(call set_up,requirements-dev.txt)
	@touch .venv/.installed $@

# Only what its wheels are for; elsewhere `make fuzz` says that there is none.
.venv/.installed-fuzz: .venv/.installed-dev requirements-fuzz.txt
	@$(call set_up,requirements-fuzz.txt)
	@touch $@

# A .venv whose Python has gone (upgraded, say) is made again, whatever the stamps say.
ifeq ($(shell test -x $(venv) && echo sound),)
.venv/.installed .venv/.installed-dev: anew
endif

# Takes the first Python that will do: macOS and long-term Linux releases may have an older python3 in front.
define set_up
if test -x $(venv); then echo "Bringing .venv up to date…"; else \
  python=; \
  for candidate in $(PYTHONS); do \
    if $$candidate -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
      python=$$candidate; break; \
    fi; \
  done; \
  if test -z "$$python"; then \
    if python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
      echo "This Python has no venv module: install it (Debian, Ubuntu: sudo apt install python3-venv) and run make again." >&2; \
    else \
      echo "Liaison needs Python 3.11 or newer, and here is `python3 --version 2>/dev/null || echo none`: install a newer one and run make again." >&2; \
    fi; \
    exit 1; \
  fi; \
  echo "Setting up .venv (once, about a minute)…"; \
  $$python -m venv --clear .venv || exit; \
fi; \
$(venv) -m pip install -qq --disable-pip-version-check --require-hashes --requirement $(1) || { \
  echo "The packages could not be installed; the lines above say why. Once this machine is online, run make again." >&2; \
  exit 1; \
}
endef
