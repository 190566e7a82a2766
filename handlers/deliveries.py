"""`GET /deliveries/<id>`: the answer of one delivery as it stands now, for its owner."""

from __future__ import annotations

from flask import Request

from handlers.answers import Answer
from handlers.proof import prove_owner
from services.composition import Services
from services.errors import MethodNotAllowed, UnknownDelivery
from services.standing import told_of

PATH = "/deliveries/"


def tell(request: Request, services: Services) -> Answer:
    """Answer 200 whatever became of it; another tenant's is as unknown as one that never was."""
    if request.method not in ("GET", "HEAD"):
        raise MethodNotAllowed("Ask for a delivery with GET.", headers={"Allow": "GET, HEAD"})
    prove_owner(request, services)
    ledger, environment = services.ledger, services.settings.environment
    delivery = ledger.get(environment, request.path.removeprefix(PATH).upper())
    if delivery is None:
        raise UnknownDelivery("There is no delivery with this id: look at `delivery` in the answer to the sender.")
    return Answer(200, told_of(delivery, ledger.sweep(environment), services.clock()))
