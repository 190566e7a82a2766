"""Each tool as it sends: its body, how it goes over the wire, and a hook that saves a relation of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.proofs import PROOFS

BODIES = Path(__file__).with_name("bodies")
HOOK = "the-hook"
PUBLIC_URL = "https://crm.example.com"
COMMENT = "Gull: Åse Bjørnstad, Vind, Sjøkraft"
TYPES = {
    ".json": "application/json",
    ".form": "application/x-www-form-urlencoded",
    ".multipart": "multipart/form-data; boundary=------------------------b1c2d3e4f5a6",
}
API_KEY = {"header": "X-Api-Key", "secret": "sender"}


@dataclass(frozen=True)
class Sender:
    """One tool. `company` and `comment` are the hook's templates, `saved` the comment that comes of them."""

    preset: str
    company: Any = "{kundenummer}"
    comment: str = "{niva}: {your_name}, {interesser}"
    saved: str = COMMENT
    id: str | None = None
    verify: Mapping[str, Any] = field(default_factory=lambda: {"secret": "sender"})
    secret: str = "s3cret-of-1-sender"
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""

    @property
    def file(self) -> Path:
        """The file with what this tool sends."""
        return next(BODIES.glob(f"{self.body or self.preset}.*"))

    @property
    def hook(self) -> dict[str, Any]:
        """What stands in hooks.yaml for this tool."""
        rules = {"from": self.preset, "verify": dict(self.verify)}
        if self.company is None:
            return rules
        source, destination = {"company": {"id": self.company}}, {"company": {"id": 4}}
        relation = {"definition": 18, "source": source, "destination": destination, "comment": self.comment}
        return {**rules, "relation": relation}

    @property
    def wire_type(self) -> str:
        """The Content-Type this tool sends."""
        return TYPES[self.file.suffix] if self.content_type is None else self.content_type

    def post(self, client: Any, *, secret: str = "", proof: Any = None, path: str = f"/hooks/{HOOK}") -> Any:
        """Send the body, proven with the secret, or with another one."""
        body = self.file.read_bytes()
        proven = (proof or PROOFS[self.preset])(body, secret or self.secret, f"{PUBLIC_URL}{path}")
        headers = {**self.headers, **proven.pop("headers", {})}
        return client.post(path, content_type=self.wire_type, headers=headers, **{"data": body, **proven})


SENDERS = [
    Sender(
        "generic",
        company="{company_number}",
        comment="{level}: {your_name}, {topics}",
        verify=API_KEY,
        headers={"Idempotency-Key": "signup-1"},
        id="signup-1",
    ),
    Sender("superoffice-entity", company=None, verify=API_KEY, headers={"Idempotency-Key": "r-1"}, id="r-1"),
    Sender(
        "standard-webhooks",
        company="{crm_company_id}",
        comment="{level}: {contact.name}, {topics}",
        secret="whsec_MfKQ1r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        headers={"webhook-id": "msg_2p7"},
        id="msg_2p7",
    ),
    Sender(
        "svix",
        company="{crm_company_id}",
        comment="{plan}: {owner_name}, {topics}",
        secret="whsec_MfKQ1r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        headers={"svix-id": "msg_2p7"},
        id="msg_2p7",
    ),
    Sender("zapier", company="{company_number}", comment="{level}: {your_name}, {topics}", verify=API_KEY),
    Sender(
        "make",
        company="{company_number}",
        comment="{level}: {your_name}, {topics}",
        verify={"basic": "sender"},
        secret="make:s3cret-1",
    ),
    Sender("n8n", company="{company_id}", comment="{level}: {name}, {topics}{note}", verify={"bearer": "sender"}),
    Sender(
        "power-automate",
        company="{company_number}",
        comment="{niva}: {your_name}, {topics[].value}",
        verify={"basic": "sender"},
        secret="flow:s3cret-1",
    ),
    Sender(
        "pipedream", company="{company_id}", comment="{level}: {person.name}, {topics}", verify={"bearer": "sender"}
    ),
    Sender("ifttt", company="{company_number}", comment="{level}: {your_name}, {topics}"),
    Sender(
        "typeform",
        company="{company_number}",
        comment="{level}: {your_name}, {selskapsomrade}",
        id="01JGH2R6Z8N3X4V5W6Y7Z8A9B0",
    ),
    Sender(
        "tally",
        company="{company_number}",
        comment="{niva}: {your_name}, {selskapsomrade}",
        id="a4cb511e-d513-4fa5-baee-b815d718dfd1",
    ),
    Sender(
        "jotform",
        company="{source_company}",
        comment="{q5_niva}: {your_name.first} {your_name.last}, {interesser}",
        id="6100112233445566778",
    ),
    Sender("google-forms", comment="{niva}: {your_name}, {selskapsomrade}", id="2_ABaOnudQ"),
    Sender("microsoft-forms"),
    Sender(
        "hubspot",
        company="{superoffice_id}",
        comment="{partner_level}: {firstname} {lastname}, {interests}",
        saved="Gull: Åse Bjørnstad, Vind;Sjøkraft",
    ),
    Sender(
        "hubspot-app",
        company="{property_value}",
        comment="{property_name} of {object_id}",
        saved="superoffice_id of 1246965",
        id="3816279340/25/1767323045000",
    ),
    Sender("webflow", id="6957d125df3949bfc6752327"),
    Sender(
        "gravity-forms",
        company="{_4}",
        comment="{_6}: {_1_3} {_1_6}, {[_5_1, _5_2, _5_3]}",
        id="3/42/2026-01-02 03:04:05",
    ),
    Sender("elementor", comment="{level}: {name}, {topics}"),
    Sender(
        "cf7",
        company="{company_number}",
        comment="{level}: {your_name}, {topics}",
        content_type="application/json; charset=UTF-8",
    ),
    Sender("wpforms", company="{company_number}", comment="{niva}: {full_name}, {interests}", id="123/4567"),
    Sender("formspree", comment="{level}: {your_name}, {topics}"),
    Sender(
        "fillout",
        company="{kundenr}",
        comment="{niva}: {your_name}, {selskapsomrade}",
        id="0b6a5f2c-8f4f-4a1d-9d8c-7b6a5f4e3d2c",
    ),
    Sender(
        "paperform",
        company="{company_number}",
        comment="{niva}: {your_name}, {selskapsomrade}",
        id="6957d1258f4a1d9d8c7b6a5f",
    ),
    Sender(
        "cognito-forms",
        company="{company_number}",
        comment="{level}: {name.first} {name.last}, {interesser}",
        id="3/12/2026-01-02T03:04:05Z",
    ),
    Sender(
        "surveymonkey",
        company={"value": "{resources.collector_id}", "map": {"400001": 686, "400002": 11}},
        comment="{raw.name} {object_id}, {submitted_at}",
        saved="Evaluering 7004, 2026-01-02T03:04:05.000+00:00",
        secret="client-1&s3cret",
        content_type="application/vnd.surveymonkey.response.v1+json",
        id="10027908751",
    ),
    Sender("unbounce", comment="{nivaa}: {your_name}, {interesser}"),
    Sender(
        "squarespace",
        company={"value": "{website_id}", "map": {"5f0c1a2b3c4d5e6f70819203": 686}},
        comment="{topic} {data.order_id}",
        saved="order.create 585d498fdee9f31a60284a37",
        secret="5f1d8e77a0b34c219d1e",
        id="a2c7f9e4-2f6b-4f2c-9a0e-7d1b6a5f4e3d",
    ),
    Sender(
        "calendly",
        comment="{niva}: {name}, {hva_vil_du_snakke_om}",
        saved="Gull: Åse Bjørnstad, Vind\nSjøkraft",
        id="https://api.calendly.com/scheduled_events/AAA/invitees/BBB/invitee.created",
    ),
    Sender(
        "mailchimp",
        company="{kundenr}",
        comment="{level}: {fname} {lname}, {interests}",
        id="8a25ff1d98/subscribe/2026-01-02 03:04:05",
    ),
    Sender("wufoo", comment="{niva}: {your_name}, {[field10, field11, field12]}", id="m1q5nlx90lqkpkq/17"),
    Sender("formstack", comment="{niva}: {name.first} {name.last}, {selskapsomrade}", id="1532747/76102244"),
    Sender(
        "superoffice",
        company="{source_record}",
        comment="{event} {primary_key}, {field_values.reldef_id}",
        saved="relation.created 1012, 19",
        id="1fbcda20-2f1e-4d5c-9a55-8f1c1a4f9d10",
    ),
    Sender(
        "cloudevents",
        company="{company_id}",
        comment="{level}: {your_name}, {topics}",
        verify={"bearer": "sender"},
        content_type="application/cloudevents+json",
        id="/partners/nord/A234-1234-1234",
    ),
]
