"""What every sandbox tenant is: its name, its version, and who may log in to it."""

from __future__ import annotations

from sandbox.records import Associate

TENANT_ID = "Cust00001"
# Of the onsite installation; published on purpose.
USERNAME = PASSWORD = "demo"
SERIAL = "1010000001"
VERSION = "Release_12.4_2026.09.17-05"
FIRST_RELATION_ID = 888

SYSTEM_USER = Associate(3, "SYSTEM0", "System user: Liaison", "SystemAssociate")
DEMO_USER = Associate(7, "DEMO", "Kari Nordmann", "InternalAssociate", person=5)
ASSOCIATES = {user.id: user for user in (SYSTEM_USER, DEMO_USER)}
