"""Who we are in SuperOffice: the associate under whose name our changes stand."""

from __future__ import annotations

from collections.abc import Mapping

from services.deadline import Deadline
from services.errors import SuperOfficeUnavailable
from services.superoffice.client import Call, WebApi

WHO_AM_I = Call("GET", "/User/currentPrincipal")  # SuperOffice WebAPI reference, REST resource "User"


def own_associate(webapi: WebApi, deadline: Deadline) -> int:
    """Return our associate's id: asked for once in a process, for it is the login's and stays."""
    if webapi.own_associate is None:
        principal = webapi.send(WHO_AM_I, deadline).json()
        told = principal.get("AssociateId") if isinstance(principal, Mapping) else None
        if not isinstance(told, int):
            raise SuperOfficeUnavailable("SuperOffice did not tell who is logged in.")
        webapi.own_associate = told
    return webapi.own_associate
