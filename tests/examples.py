"""What the tests send, and the hook they send it to."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
KEY = "a-key-for-tests"
HOOKS = {"example": {"verify": {"header": "X-Api-Key", "secret": "example-key"}}}
PARTNERS = {"SourceContactId": 686, "DestinationContactId": 4, "RelationDefinitionId": 18, "Comment": "Since 2019"}
