"""The SuperOffice that both contestants save into: one small, fast process that keeps connections open.

It answers the tenant's state, the system user's login, SaveContactRelation, searches by id and the list of
definitions, each at once or after the delay that `PUT /delay` last set (in milliseconds). Whoever saves without
the ticket gets a 401, so that a contestant that forgets its credentials cannot look fast.
"""

import asyncio
import itertools
import json
import sys
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

TENANT = "Cust00001"
TICKET = "7T:YmVuY2htYXJr"
COMPANY = 686  # which everybody works for
DEFINITION = {"Id": 18, "Name": "Partner of", "ExtraInfo": "Has as partner", "Deleted": False, "ChildItems": []}
CLAIMS = "http://schemes.superoffice.net/identity/"

ASSOCIATE = {
    "AssociateId": 103,
    "Name": "LIAISON",
    "PersonId": 0,
    "Rank": 0,
    "Tooltip": "",
    "Type": "SystemAssociate",
    "GroupIdx": 1,
    "FullName": "Liaison",
    "FormalName": "Liaison",
    "Deleted": False,
    "EjUserId": 0,
    "UserName": "liaison",
    "ExtraFields": {},
    "CustomFields": {},
    "TableRight": None,
    "FieldProperties": {},
}
ENTITY = {
    "SourceContactId": 0,
    "SourcePersonId": 0,
    "DestinationContactId": 0,
    "DestinationPersonId": 0,
    "RelationId": 0,
    "Comment": "",
    "RelationDefinitionId": 0,
    "Reversed": 0,
    "CreatedDate": "2026-11-20T09:30:00Z",
    "UpdatedDate": "0001-01-01T00:00:00",
    "CreatedBy": ASSOCIATE,
    "UpdatedBy": None,
    "SourceContactName": "Acme AS",
    "SourcePersonName": "Ada Example",
    "DestinationContactName": "Example Holding AS",
    "DestinationPersonName": "",
    "ActiveText": "Partner of",
    "PassiveText": "Has as partner",
    "TableRight": {"Mask": "FULL", "Reason": ""},
    "FieldProperties": {"Comment": {"FieldRight": {"Mask": "FULL", "Reason": ""}, "FieldLength": 254}},
}


class Tenant(asyncio.Protocol):
    """One connection to the tenant. What all of them share stands on the class."""

    port = 0
    delay = 0.0
    relation_ids = itertools.count(1001)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def connection_made(self, transport):
        """Remember where the answers go."""
        self.transport, self.received = transport, b""

    def data_received(self, chunk):
        """Answer every request that has come in whole: head and body may come apart."""
        self.received += chunk
        while (end := self.received.find(b"\r\n\r\n")) >= 0:
            head = self.received[:end].decode("latin-1").lower()
            length = int(head.partition("content-length:")[2].partition("\r\n")[0] or 0)
            if len(self.received) < end + 4 + length:
                return
            body = self.received[end + 4 : end + 4 + length]
            self.received = self.received[end + 4 + length :]
            self.respond(*self.answer(head, body))

    def respond(self, status, content):
        """Send the answer now, or when the delay is over."""
        body = json.dumps(content).encode()
        head = (
            f"HTTP/1.1 {status}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        if Tenant.delay:
            asyncio.get_running_loop().call_later(Tenant.delay, self.transport.write, head.encode() + body)
        else:
            self.transport.write(head.encode() + body)

    def answer(self, head, body):
        """Return the status and the JSON for one request; `head` is in lower case."""
        path = head.split(" ", 2)[1].partition("?")[0]
        if path.endswith("/savecontactrelation"):
            return self.save(head, body)
        if path.endswith("/getarchivelistbycolumns"):
            return "200 OK", self.find(json.loads(body))
        if path.endswith("/mdolist/contactrelationdefinition"):
            return "200 OK", [DEFINITION]
        if path == "/delay":
            Tenant.delay = float(body) / 1000
            return "200 OK", {}
        others = {
            f"/api/state/{TENANT.lower()}": self.state,
            "/login/api/partnersystemuser/authenticate": self.log_in,
            "/login/.well-known/jwks": self.public_keys,
        }
        if path in others:
            return "200 OK", others[path]()
        return "404 Not Found", {"Message": f"bench/upstream.py does not speak {path}"}

    def save(self, head, body):
        """Save nothing, and answer the whole entity as it would be after the save."""
        if f"soticket {TICKET.lower()}" not in head or "so-apptoken: " not in head:
            return "401 Unauthorized", {"Message": "Authorization has been denied for this request."}
        saved = ENTITY | json.loads(body)["ContactRelationEntity"]
        return "200 OK", saved | {"RelationId": saved["RelationId"] or next(self.relation_ids)}

    def find(self, query):
        """Find everybody whose id is asked for; all persons work for one company."""
        key = query["Columns"][0]
        sought = [
            each["Values"] for each in query["Restriction"] if (each["Name"], each["Operator"]) == (key, "equals")
        ]
        known = {"contactId": {"DisplayValue": f"[I:{COMPANY}]"}}
        return [
            {"PrimaryKey": value.strip("[I:]"), "ColumnData": {**known, key: {"DisplayValue": value}}}
            for values in sought
            for value in values
        ]

    def state(self):
        """Say where the tenant is to be reached for the next hour."""
        api = f"http://127.0.0.1:{self.port}/{TENANT}/api"
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        return {
            "ContextIdentifier": TENANT,
            "Endpoint": api.removesuffix("api"),
            "State": "Running",
            "IsRunning": True,
            "ValidUntil": until,
            "Api": api,
            "Version": "10.5.1234.0",
        }

    def log_in(self):
        """Give a system user a signed JWT that carries the ticket."""
        claims = {CLAIMS + "ticket": TICKET, CLAIMS + "ctx": TENANT, CLAIMS + "serial": "1234567890"}
        now = int(time.time())
        claims |= {"iss": "SuperOffice AS", "aud": "spn:1234567890", "nbf": now - 60, "exp": now + 3600}
        token = jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "bench"})
        return {"IsSuccessful": True, "Token": token, "ErrorMessage": ""}

    def public_keys(self):
        """Give the key that proves a login token."""
        jwk = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [jwk | {"kid": "bench", "use": "sig", "alg": "RS256"}]}


async def serve():
    """Serve until stdin closes, which it does when the benchmark ends; print the port once it is open."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Tenant, "127.0.0.1", 0, backlog=512)
    Tenant.port = server.sockets[0].getsockname()[1]
    print(json.dumps({"port": Tenant.port}), flush=True)
    closed = asyncio.Event()
    loop.add_reader(sys.stdin, closed.set)
    await closed.wait()


if __name__ == "__main__":
    asyncio.run(serve())
