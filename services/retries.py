"""When a delivery is tried again, and when nobody tries any more.

The delay doubles with each failed try, from RETRY_DELAY to an hour, with a fifth of chance in it; SuperOffice's
Retry-After counts where it is longer. After RETRY_DAYS, outages of the tenant left out, the delivery is dead.
"""

from __future__ import annotations

import random

from schemas.ledger import Delivery
from services.errors import LiaisonError, NoTime, PairBusy, TenantDown, Unavailable
from services.ledger.ledger import DAY, Ledger
from services.settings import Settings

LONGEST = 3600.0  # seconds
JITTER = 0.2


def next_try(delivery: Delivery, error: LiaisonError, now: float, settings: Settings) -> float:
    """Return when the delivery is due again, in Unix seconds."""
    asked = float(error.retry_after) if isinstance(error, Unavailable) else 0.0
    if isinstance(error, TenantDown):
        asked = 0.0  # that is a guess of ours, for senders: one try in each sweep finds out when it is back
    own = settings.retry_delay
    if not isinstance(error, PairBusy | NoTime):  # those are not tries
        own *= 2.0 ** min(delivery.tries, 30)
    spread = random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - so that many do not come back at one moment
    return now + min(max(own * spread, asked), LONGEST)


def is_over(delivery: Delivery, now: float, settings: Settings, ledger: Ledger) -> bool:
    """Tell whether it has been tried for long enough; what the ledger knows of outages is asked only then."""
    days = settings.retry_days * DAY
    if now - delivery.retrying_since < days:
        return False
    return ledger.sweep(delivery.environment).time_counted(delivery.retrying_since, now) >= days
