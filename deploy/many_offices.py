"""A fleet to rehearse with: the sample's offices again and again, each in another place, with a worker of its own."""

from __future__ import annotations

import copy
from typing import Any

# City, country, time zone and Azure region: no gate there turns away a parcel for want of a code.
PLACES = (
    ("jakarta", "ID", "Asia/Jakarta", "indonesiacentral"),
    ("tokyo", "JP", "Asia/Tokyo", "japaneast"),
    ("singapore", "SG", "Asia/Singapore", "southeastasia"),
    ("santiago", "CL", "America/Santiago", "chilecentral"),
    ("seoul", "KR", "Asia/Seoul", "koreacentral"),
    ("recife", "BR", "America/Recife", "brazilsouth"),
    ("zurich", "CH", "Europe/Zurich", "switzerlandnorth"),
    ("oslo", "NO", "Europe/Oslo", "norwayeast"),
    ("dubai", "AE", "Asia/Dubai", "uaenorth"),
    ("durban", "ZA", "Africa/Johannesburg", "southafricanorth"),
    ("auckland", "NZ", "Pacific/Auckland", "newzealandnorth"),
    ("hongkong", "HK", "Asia/Hong_Kong", "eastasia"),
)
KINDS = (1, 0, 1, 0, 2)  # of five offices two have a Data Box Disk, two a Data Box, one drives of its own


def many_offices(sample: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """Return *count* offices made of the sample's three. An order's slot is by country and kind: no place needs two."""
    return [_office(sample[KINDS[number % len(KINDS)]], number) for number in range(count)]


def _office(kind: dict[str, Any], number: int) -> dict[str, Any]:
    city, country, time_zone, region = PLACES[number % len(PLACES)]
    office = copy.deepcopy(kind)
    id = f"{city}-{number + 1:02}"
    office |= {"id": id, "country": country, "time_zone": time_zone, "worker": "office"}
    office["address"] = {"company": "Contoso", "street": f"{number + 1} Main Street", "city": city.title(),
                         "postal_code": "1000"}  # fmt: skip
    office["azure"] = {**office["azure"], "location": region}
    office["agent"] = {**office["agent"], "server": f"{city.upper()}-{number + 1:02}"}
    office.pop("budget", None)
    if own := office.get("own_disk"):
        own["container"] = f"seed-{id}"
        for drive in own["drives"]:
            drive["serial"] += f"-{number + 1:02}"
    return office
