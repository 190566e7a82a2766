"""What a person who writes hooks.yaml is shown of a submission."""

from schemas.relation_mapping import RelationMappingSchema
from schemas.templates import compile_template
from services.explain import Explained, explain

MAPPING = RelationMappingSchema().load(
    {
        "definition": {"value": "{level}", "map": {"Gold": 12}},
        "source": {"company": {"orgnr": "{org_number}"}, "person": {"email": "{email}"}},
        "destination": {"company": {"id": 4}},
        "comment": "Level {level}",
    }
)


def test_shows_every_template_with_what_it_gave():
    """One that fails does not hide the others."""
    shown = explain(MAPPING, {"level": "Tin", "email": "a@example.com"}, compile_template("{level}")).templates

    assert shown == (
        Explained("when", "{level}", "Tin"),
        Explained(
            "relation.definition",
            "{level} by its map",
            mistake="This value is not one that hooks.yaml lists. Send one of: Gold.",
        ),
        Explained("relation.source.company.orgnr", "{org_number}", None),
        Explained("relation.source.person.email", "{email}", "a@example.com"),
        Explained("relation.destination.company.id", "4", 4),
        Explained("relation.comment", "Level {level}", "Level Tin"),
    )


def test_shows_the_names_that_can_be_used():
    """Every name with its value; the body as it came, which repeats them, is the last."""
    raw = {"Level": "Tin"}

    assert explain(MAPPING, {"raw": raw, "level": "Tin"}).names == (("level", "Tin"), ("raw", raw))
