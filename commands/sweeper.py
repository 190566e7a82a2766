"""What `make run` has instead of Cloud Scheduler: a sweep every few seconds, whatever comes of the one before."""

from __future__ import annotations

import time

from services.composition import Services, open_services
from services.errors import LedgerDown, LiaisonError
from services.logs import log
from services.redelivery import sweep

EVERY = 3.0  # seconds


def main() -> None:
    """Sweep until somebody ends the process."""
    services: Services | None = None
    said = ""
    while True:
        try:
            services = services or open_services()
            sweep(services)
            said = ""
        except LiaisonError as error:
            words = error.why if isinstance(error, LedgerDown) else error.detail
            if words != said:  # the same again tells nothing
                log("ERROR", "not-swept", words, reason=error.reason)
            said = words
        except Exception as error:  # the next sweep may do, and the webhook must not end with this one
            log("ERROR", "not-swept", type(error).__name__)
        time.sleep(EVERY)


if __name__ == "__main__":
    main()
