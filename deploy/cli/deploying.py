"""`seeding deploy`: the inventory as deployments, queues, forms and limits in Prefect. Safe to call at any time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.cli.envelope import Answer, Exit, Trouble
from deploy.inventory import Inventory, load
from deploy.prefect_env import prepare
from deploy.settings import settings
from tasks.errors import InvalidInput
from tasks.secret_places import place_name

if TYPE_CHECKING:
    from flows.prefect_api import Api


def deploy(home: Path | None, inventory: Path | None, *, dry_run: bool) -> Answer:
    """Make the server hold what the inventory says. Raises InventoryInvalid before anything is written."""
    where = settings(home)
    found = load(inventory or where.inventory)
    if not os.environ.get("PREFECT_API_URL"):
        raise InvalidInput(
            "PREFECT_API_URL is not set", next="name your Prefect server, such as https://prefect.example.com/api"
        )
    prepare(where)
    from deploy.fleet.server import changes
    from deploy.fleet.wanted import wanted
    from flows.prefect_api import prefect_api

    done = []
    with prefect_api() as api:
        for change in changes(api, wanted(found, block_named(api, found.operators.notify))):
            if not dry_run:
                change.write(api)
            done.append(change)
        missing = tuple(_missing_secrets(api, found))
    rows = [{"change": c.what, "kind": c.kind, "name": c.name, "fields": list(c.fields)} for c in done]
    told = f"{len(done)} changes {'are needed' if dry_run else 'made'} for {len(found.offices)} offices"
    human = "\n".join([*map(str, done), told])
    data = {"changes": rows, "dry_run": dry_run, "offices": len(found.offices)}
    return Answer(data, human, missing, Exit.WITH_GAPS if missing else Exit.DONE)


def _missing_secrets(api: Api, inventory: Inventory) -> Iterator[Trouble]:
    """Yield the Secret blocks that the inventory names and Prefect does not have. Nobody but a person can fill them."""
    for office in inventory.offices:
        place = place_name(office.own_disk.returns.account) if office.own_disk else None
        if place is None or place.kind != "prefect-block":
            continue
        if api.get(f"/block_types/slug/secret/block_documents/name/{place.name}") is None:
            told = f"{office.id}: Prefect has no Secret block {place.name}, the place of the return account"
            yield Trouble("key-missing", told, "make it under Blocks, as a Secret")


def block_named(api: Api, name: str | None) -> str:
    """Return the id of the notification block TYPE/NAME, "" for None. Raises InvalidInput where there is none.

    A block holds a secret address, so it is made by hand; the inventory only names it.
    """
    if name is None:
        return ""
    kind, _, own = name.partition("/")
    found = api.get(f"/block_types/slug/{kind}/block_documents/name/{own}")
    if found is None:
        raise InvalidInput(f"Prefect has no block {name}, which the inventory names", next="make it under Blocks")
    return str(found["id"])
