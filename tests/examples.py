"""What the tests send, and the hook they send it to."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
KEY = "a-key-for-tests"
# `add` is one call to SuperOffice for each submission, and the same body is a new one: what most tests look at.
HOOKS = {"example": {"verify": {"header": "X-Api-Key", "secret": "example-key"}, "existing": "add", "repeat_within": 0}}
PARTNERS = {"SourceContactId": 686, "DestinationContactId": 4, "RelationDefinitionId": 18, "Comment": "Since 2019"}
