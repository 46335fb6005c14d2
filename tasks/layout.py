"""Where an item lies on a device, and which blob each of its files becomes.

Data Box Disk: format folders at the disk's root. Data Box: one share per storage account and format. In both, the
first folder below is the container and the rest is the blob's name (Data Box "copy data" pages, checked 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from states.plan import Plan
from tasks.errors import InvalidInput

Format = Literal["block", "page"]
FORMAT_OF_AGENT: dict[str, Format] = {"dpm": "page", "mars": "page", "files": "block"}
_FOLDER: dict[Format, str] = {"block": "BlockBlob", "page": "PageBlob"}


def format_folder(plan: Plan, blob: Format) -> str:
    """Return the folder (Data Box Disk) or share (Data Box) that becomes blobs of that kind."""
    return f"{plan.storage_account}_{_FOLDER[blob]}" if plan.sku == "DataBox" else _FOLDER[blob]


def container_of(office: str, item: str) -> str:
    """Return the container of an item our copier writes: 3 to 63 characters, lower case, digits, single hyphens."""
    name = re.sub(r"[^a-z0-9]+", "-", f"{office}-{item}".lower()).strip("-")[:63].strip("-")
    if len(name) < 3:
        raise InvalidInput(f"item {item!r} of {office} gives no container name", next="give it letters or digits")
    return name


def item_folder(plan: Plan, item: str) -> str:
    """Return the device folder our copier writes an item to, relative to the device's root."""
    return f"{format_folder(plan, FORMAT_OF_AGENT[plan.agent])}/{container_of(plan.office, item)}"


def locator(plan: Plan) -> Callable[[str], tuple[str, str, Format]]:
    """Return what maps a manifest path of this plan to (container, blob name, kind)."""
    own = plan.own_disk
    if plan.mode != "own-disk" or own is None:
        return blob_of

    def in_staging(path: str) -> tuple[str, str, Format]:
        return own.container, path.partition("/")[2], "page"

    return in_staging


def blob_of(path: str) -> tuple[str, str, Format]:
    """Return (container, blob name, kind) of a device path such as `PageBlob/server-sql/seed-0001`."""
    share, _, rest = path.partition("/")
    container, _, name = rest.partition("/")
    for kind, folder in _FOLDER.items():
        if share == folder or share.endswith(f"_{folder}"):
            if not name:
                raise InvalidInput(f"{path} lies in no container; Azure would put it into $root as a block blob")
            return container, name, kind
    raise InvalidInput(f"{path} lies in no folder that becomes blobs")
