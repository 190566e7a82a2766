"""How the sandbox's own tests speak to it: plain `requests`, as a stranger with the right papers would."""

from __future__ import annotations

import base64
import datetime

import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_private_key

PARTNER = {"SourceContactId": 686, "DestinationContactId": 4, "RelationDefinitionId": 18, "Comment": "Since 2019"}
AGENT = "Agents/Relation/"


class Online(requests.Session):
    """The online tenant's API with a ticket and the app's secret; paths are below /api/v1/."""

    def __init__(self, sandbox):
        super().__init__()
        self.base = f"{sandbox.url}/{sandbox.tenant_id}/api/v1/"
        self.headers["Authorization"] = f"SOTicket {sandbox.app['ticket']}"
        self.headers["SO-AppToken"] = sandbox.app["client_secret"]

    def request(self, method, url, **options):
        """Never wait for long: nothing here takes more than milliseconds."""
        return super().request(method, self.base + url, timeout=10, **options)

    def save(self, entity=PARTNER, query="", **options):
        """Post a wrapped entity to the agent."""
        body = {"ContactRelationEntity": entity}
        return self.post(f"{AGENT}SaveContactRelation{query}", json=body, **options)

    def archive(self, provider, columns, *restrictions, **changed):
        """Query an archive by the agent; `changed` replaces members of the request, keywords of `post` aside."""
        options = {name: changed.pop(name) for name in ("headers",) if name in changed}
        request = {
            "ProviderName": provider,
            "Columns": columns,
            "SortOrder": None,
            "Restriction": list(restrictions),
            "Entities": [],
            "Page": 0,
            "PageSize": 50,
            **changed,
        }
        return self.post("Agents/Archive/GetArchiveListByColumns", json=request, **options)

    def keys(self, provider, *restrictions, **changed):
        """List the primary keys that a query finds."""
        return [row["PrimaryKey"] for row in self.archive(provider, [], *restrictions, **changed).json()]


def where(name, operator, *values, **more):
    """Make a restriction as the agent takes it."""
    return {"Name": name, "Operator": operator, "Values": list(values), "IsActive": True, **more}


def sign(app, *, stamp=None, text=None, altchars=None):
    """Sign a system token as SuperOffice's documentation says, or nearly so."""
    stamp = stamp or f"{datetime.datetime.now(datetime.UTC):%Y%m%d%H%M}"
    signed = text or f"{app['system_token']}.{stamp}"
    key = load_pem_private_key(app["private_key"].encode(), password=None)
    proof = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{base64.b64encode(proof, altchars).decode()}"


def login(sandbox, **changed):
    """Ask for a JWT; `changed` replaces members of the request."""
    request = {
        "SignedSystemToken": sign(sandbox.app),
        "ApplicationToken": sandbox.app["client_secret"],
        "ContextIdentifier": sandbox.tenant_id,
        "ReturnTokenType": "JWT",
        **changed,
    }
    url = f"{sandbox.url}/Login/api/PartnerSystemUser/Authenticate"
    return requests.post(url, json=request, timeout=10)
