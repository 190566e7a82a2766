"""What the tests send, and the hook they send it to."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
KEY = "a-key-for-tests"
# `add` is one call to SuperOffice for each submission, which is what most tests look at.
HOOKS = {"example": {"verify": {"header": "X-Api-Key", "secret": "example-key"}, "existing": "add"}}
PARTNERS = {"SourceContactId": 686, "DestinationContactId": 4, "RelationDefinitionId": 18, "Comment": "Since 2019"}
