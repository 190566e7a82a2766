"""What the tenant holds and what was done to it, as one HTML page that reloads itself."""

from __future__ import annotations

import functools
from typing import Any

from jinja2 import Environment, Template

from sandbox import carriers, seed
from sandbox.seed_definitions import DEFINITIONS
from sandbox.world import World

SHOWN_CALLS = 20
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="5">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ tenant }} · SuperOffice sandbox</title>
<style>
  :root { color-scheme: light dark; --line: #8884; --soft: #8882; --dim: #888; --accent: #0a6e6e; }
  @media (prefers-color-scheme: dark) { :root { --accent: #5cc4c4; } }
  body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 74rem; }
  header { display: flex; align-items: baseline; gap: 1rem; flex-wrap: wrap; }
  h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1rem; margin: 2.2rem 0 .4rem; color: var(--accent); }
  p { margin: .3rem 0; color: var(--dim); } code { font-family: ui-monospace, monospace; font-size: .9em; }
  .state { border-radius: 1rem; padding: .05rem .7rem; background: var(--soft); font-size: .85rem; }
  .columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(30rem, 1fr)); gap: 0 2.5rem; }
  table { border-collapse: collapse; width: 100%; }
  td, th { text-align: left; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line);
           vertical-align: top; overflow-wrap: break-word; }
  th { font-weight: 500; color: var(--dim); font-size: .85rem; }
  td:first-child { white-space: nowrap; font-variant-numeric: tabular-nums; }
  .dim { color: var(--dim); } .scroll { overflow-x: auto; }
</style>
</head>
<body>
<header><h1>{{ tenant }}</h1><span class="state">{{ state }}</span>
<span class="dim">a SuperOffice tenant on your own machine</span></header>
<p>Online at <code>{{ url }}/{{ tenant }}/api/v1</code>, onsite at <code>{{ url }}/SuperOffice/api/v1</code></p>

<h2>Relations ({{ relations | length }})</h2>
{% if relations %}
<div class="scroll"><table>
<tr><th>Id</th><th>Source</th><th>Relation</th><th>Destination</th><th>Comment</th></tr>
{% for r in relations | reverse %}
<tr><td>{{ r.RelationId }}</td>
<td>{{ r.SourcePersonName }}{% if r.SourcePersonName %}, {% endif %}{{ r.SourceContactName }}</td>
<td>{{ r.ActiveText }}{% if r.Reversed %} <span class="dim">(reversed)</span>{% endif %}</td>
<td>{{ r.DestinationPersonName }}{% if r.DestinationPersonName %}, {% endif %}{{ r.DestinationContactName }}</td>
<td>{{ r.Comment }}</td></tr>
{% endfor %}
</table></div>
{% else %}<p>None yet.</p>{% endif %}

<h2>Last calls</h2>
{% if calls %}
<div class="scroll"><table>
<tr><th>Time (UTC)</th><th>Call</th><th>Answer</th><th>ms</th></tr>
{% for call in calls | reverse %}
<tr><td>{{ call.at.strftime("%H:%M:%S") }}</td><td><code>{{ call.method }} {{ call.path }}</code></td>
<td>{{ call.status or "none" }}</td><td>{{ call.ms if call.ms is not none else "…" }}</td></tr>
{% endfor %}
</table></div>
{% else %}<p>None yet.</p>{% endif %}

<div class="columns">
<section><h2>Companies ({{ companies | length }})</h2><table>
<tr><th>Id</th><th>Name</th><th>Organization number</th><th>E-mail</th></tr>
{% for company in companies %}
<tr{% if company.deleted %} class="dim"{% endif %}><td>{{ company.id }}</td>
<td>{{ company.full_name }}{% if company.deleted %} (deleted){% endif %}</td><td>{{ company.orgnr }}</td>
<td>{{ company.emails | first }}</td></tr>
{% endfor %}
</table></section>
<section><h2>Persons ({{ persons | length }})</h2><table>
<tr><th>Id</th><th>Name</th><th>Company</th><th>E-mail</th></tr>
{% for person in persons %}
<tr{% if person.retired %} class="dim"{% endif %}><td>{{ person.id }}</td>
<td>{{ person.full_name }}{% if person.retired %} (retired){% endif %}</td>
<td>{{ names[person.company] }} <span class="dim">{{ person.company }}</span></td>
<td>{{ person.emails | first }}</td></tr>
{% endfor %}
</table></section>
<section><h2>Definitions ({{ definitions | length }})</h2><table>
<tr><th>Id</th><th>Active</th><th>Passive</th><th>Joins</th></tr>
{% for d in definitions %}
<tr{% if d.deleted %} class="dim"{% endif %}><td>{{ d.id }}</td>
<td>{{ text(d.active, "US") }}{% if d.deleted %} (deleted){% endif %}</td><td>{{ text(d.passive, "US") }}</td>
<td>{{ d.pairs | sort | join(" ") }}</td></tr>
{% endfor %}
</table></section>
</div>
</body>
</html>
"""


def render(world: World, relations: list[dict[str, Any]]) -> str:
    """Everything that came from outside is escaped."""
    companies = list(world.tenant.parties.companies.values())
    return _template().render(
        tenant=seed.TENANT_ID,
        state=world.state,
        url=world.url,
        relations=relations,
        companies=companies,
        names={company.id: company.full_name for company in companies},
        persons=list(world.tenant.parties.persons.values()),
        definitions=DEFINITIONS.values(),
        text=carriers.text,
        calls=world.journal.calls()[-SHOWN_CALLS:],
    )


@functools.cache
def _template() -> Template:
    return Environment(autoescape=True).from_string(PAGE)
