"""The authorization endpoint: the page on which an administrator approves the app or does not.

https://docs.superoffice.com/en/api/authentication/online/sign-in-user/auth-code-flow
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from urllib.parse import urlencode

from jinja2 import Environment, Template

from sandbox import seed
from sandbox.call import Answer, Call, html_answer
from sandbox.sessions import Grant
from sandbox.world import World

# The app is registered for every port of this machine; as SuperOffice does it, the address has to fit exactly.
REGISTERED = re.compile(r"http://(127\.0\.0\.1|\[::1\]):[0-9]{1,5}/callback")
CARRIED = (
    *("client_id", "redirect_uri", "response_type", "scope", "state", "nonce"),
    *("code_challenge", "code_challenge_method", "acr_values"),
)
STYLE = """
  :root { color-scheme: light dark; --soft: #8882; --dim: #888; --accent: #0a6e6e; }
  @media (prefers-color-scheme: dark) { :root { --accent: #2f9c9c; } }
  body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 12vh 1.5rem 4rem; max-width: 30rem; }
  h1 { font-size: 1.4rem; } p { margin: .6rem 0; } .dim { color: var(--dim); } li { margin: .2rem 0; }
  code { font-family: ui-monospace, monospace; font-size: .9em; overflow-wrap: anywhere; }
  button { font: inherit; padding: .5rem 1.4rem; border-radius: .4rem; border: 1px solid var(--dim); cursor: pointer;
           margin: 1rem .6rem 0 0; background: var(--soft); color: inherit; }
  #approve { background: var(--accent); border-color: var(--accent); color: #fff; }
"""
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }} · SuperOffice sandbox</title>
<style>{{ style | safe }}</style>
</head>
<body>
{% if mistake %}
<h1>{{ title }}</h1>
<p>{{ mistake }}</p>
{% else %}
<h1>May Liaison work in {{ tenant }}?</h1>
<p>You are signed in to the made-up SuperOffice tenant {{ tenant }} as {{ user }}, an administrator.</p>
<ul><li>Liaison will read and write in it as its own system user.</li>
<li>You can withdraw this at any time.</li></ul>
<p class="dim">Afterwards you are sent to <code>{{ carried.redirect_uri }}</code>.</p>
<form method="post" action="/login/common/oauth/authorize">
{% for name, value in carried.items() %}<input type="hidden" name="{{ name }}" value="{{ value }}">
{% endfor %}<button id="approve" name="decision" value="approve">Approve</button>
<button id="deny" name="decision" value="deny">Deny</button>
</form>
{% endif %}
</body>
</html>
"""


def ask(world: World, call: Call) -> Answer:
    """Show the page; who asks wrongly is told so, here or where the redirect leads."""
    asked = call.args.to_dict()
    if refused := _refuse(world, asked):
        return refused
    carried = {name: asked[name] for name in CARRIED if name in asked}
    page = _template().render(
        title="Approve Liaison", style=STYLE, carried=carried, tenant=seed.TENANT_ID, user=seed.DEMO_USER.full_name
    )
    return html_answer(page)


def decide(world: World, call: Call) -> Answer:
    """Send the browser back with a code, or with the refusal."""
    asked = call.form_fields()
    if refused := _refuse(world, asked):
        return refused
    if asked.get("decision") != "approve":
        return _back(asked, error="access_denied", error_description="The app was not approved.")
    grant = Grant(
        redirect_uri=asked["redirect_uri"],
        nonce=asked.get("nonce", ""),
        challenge=asked.get("code_challenge", ""),
        challenge_method=asked.get("code_challenge_method", "plain"),
    )
    world.journal.count("approvals")
    return _back(asked, code=world.sessions.open_code(grant))


def _refuse(world: World, asked: Mapping[str, str]) -> Answer | None:
    """Tell what is wrong. An unknown app or address is told to the person: nobody is sent there."""
    if asked.get("client_id") != world.sessions.registration.client_id:
        return _mistake("There is no app with this client id.")
    if not REGISTERED.fullmatch(asked.get("redirect_uri", "")):
        return _mistake("Authorization error: InvalidRedirectUrl (2)")
    if asked.get("response_type") != "code":
        return _back(asked, error="unsupported_response_type")
    if "openid" not in asked.get("scope", "").split():
        return _back(asked, error="invalid_scope")
    if asked.get("code_challenge_method", "plain") not in ("plain", "S256"):
        return _back(asked, error="invalid_request", error_description="code_challenge_method is S256 or plain")
    return None


def _back(asked: Mapping[str, str], **told: str) -> Answer:
    state = {"state": asked["state"]} if "state" in asked else {}
    location = f"{asked['redirect_uri']}?{urlencode({**told, **state})}"
    return Answer(302, headers={"Location": location, "Cache-Control": "no-store"})


def _mistake(words: str) -> Answer:
    return html_answer(_template().render(title="Authorization error", style=STYLE, mistake=words), 400)


@functools.cache
def _template() -> Template:
    return Environment(autoescape=True).from_string(PAGE)
