"""The tenant's directory (Microsoft Graph), as far as the backup agents' app registrations go."""

from __future__ import annotations

import re
import uuid

from deploy.rehearsal.login import GRAPH_AUDIENCE, bearer_is_good
from deploy.rehearsal.wire import Answer, Ask, Route, iso
from deploy.rehearsal.world import World


def applications(world: World, ask: Ask) -> Answer:
    """Return the app registrations whose names begin as the filter says."""
    if not bearer_is_good(world.home.identity, ask, GRAPH_AUDIENCE):
        error = {"code": "InvalidAuthenticationToken", "message": "Access token validation failure. Invalid audience."}
        return Answer(401, {"error": error})
    wanted = re.search(r"startswith\(displayName,'([^']*)'\)", ask.query.get("$filter", ""))
    with world.reading() as records:
        listed = [
            {
                "id": str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
                "appId": str(uuid.uuid5(uuid.NAMESPACE_DNS, name)),
                "displayName": name,
                "keyCredentials": [
                    {"type": "AsymmetricX509Cert", "usage": "Verify", "endDateTime": iso(ends), "key": None}
                ],
            }
            for name, ends in records.account.apps.items()
            if wanted is None or name.startswith(wanted[1])
        ]
    return Answer(200, {"@odata.context": f"{ask.base}/v1.0/$metadata#applications", "value": listed})


ROUTES = (Route("GET", "/v1.0/applications", applications),)
