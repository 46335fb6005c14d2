"""The Data Box job as it is kept for good: its whole JSON, but for what would open anything."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

LEFT_OUT = "(a secret; left out)"
# Members of the API that hold secrets: passwords and passkeys, BitLocker keys, links with access, account numbers.
_SECRET = re.compile(r"(password|passkey|lockerkey|saskey|accountnumber|connectionstring|accesscode)$", re.IGNORECASE)


def record_of(job: Mapping[str, Any]) -> bytes:
    """Return *job* as JSON text in UTF-8, its members sorted; no value of a secret member, and no link's query."""
    return json.dumps(_clean("", job), sort_keys=True, indent=1, ensure_ascii=False, default=str).encode()


def _clean(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _clean(str(key), inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(name, inner) for inner in value]
    if value and _SECRET.search(name):
        return LEFT_OUT
    if isinstance(value, str) and value.startswith(("https://", "http://")):
        return value.partition("?")[0]
    return value
