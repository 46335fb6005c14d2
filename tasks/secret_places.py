"""Where a secret is kept, as the inventory names it: never the secret itself. BitLocker keys and account numbers.

    env:NAME    prefect-block:name    https://VAULT.vault.azure.net/secrets/NAME

`{serial}` in the name stands for a drive's serial number. A vault's bare address: its `bitlocker-{serial}`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from tasks.errors import InvalidInput

_ENVIRONMENT = r"env:(?P<variable>[A-Za-z_](?:\w|\{serial\})*)"
_BLOCK = r"prefect-block:(?P<block>(?:[a-z0-9]|\{serial\})(?:[a-z0-9-]|\{serial\})*)"
_VAULT = (
    r"(?P<vault>https://[a-z][a-z0-9-]{2,23}\.vault\.[a-z.]+)(?:/secrets/(?P<secret>(?:[0-9A-Za-z-]|\{serial\})+))?/?"
)
PATTERN = re.sub(r"\?P<\w+>", "?:", f"{_ENVIRONMENT}|{_BLOCK}|{_VAULT}")
HELP = "write `env:NAME`, `prefect-block:name` or `https://VAULT.vault.azure.net/secrets/NAME`"

Kind = Literal["environment", "prefect-block", "key-vault"]


@dataclass(frozen=True)
class PlaceName:
    """What the inventory says of a place: its kind, the secret's name there, and the address of a Key Vault."""

    kind: Kind
    name: str
    vault: str = ""


def place_name(text: str) -> PlaceName:
    """Read the name of a place. Raises InvalidInput, which does not repeat the text."""
    found = re.fullmatch(f"{_ENVIRONMENT}|{_BLOCK}|{_VAULT}", text, re.ASCII)
    if found is None:
        raise InvalidInput("the place of a secret is not understood", next=HELP)
    if found["variable"]:
        return PlaceName("environment", found["variable"])
    if found["block"]:
        return PlaceName("prefect-block", found["block"])
    return PlaceName("key-vault", found["secret"] or "bitlocker-{serial}", found["vault"])
