"""The plain function with its ticket in Secret Manager, fetched at the first request that needs it."""

import functools
import os

import functions_framework
from google.cloud import secretmanager
from plain_function import save


@functools.cache
def ticket():
    """Fetch the newest version of the secret and keep it for as long as the instance lives."""
    # Only the address is here for the benchmark's sake: it leads to bench/secret_manager.py.
    options = {"api_endpoint": os.environ["SECRET_MANAGER"]}
    client = secretmanager.SecretManagerServiceClient(client_options=options)
    name = f"projects/{os.environ['GOOGLE_CLOUD_PROJECT']}/secrets/superoffice-ticket/versions/latest"
    return client.access_secret_version(name=name).payload.data.decode()


@functions_framework.http
def plain(request):
    """Answer a probe, or save a relation."""
    if request.method == "GET":
        return {"status": "ok"}
    return save(request, ticket())
