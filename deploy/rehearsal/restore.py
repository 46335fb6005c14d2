"""A restore from the vault's oldest recovery point. The vault keeps no bytes here: they come from the seed's blobs."""

from __future__ import annotations

from pathlib import Path

from deploy.rehearsal import office_agent
from deploy.rehearsal.records import Item, Office
from deploy.rehearsal.wire import Answer, ArmError, Ask, Route, iso
from deploy.rehearsal.world import World


def restore(world: World, ask: Ask) -> Answer:
    """Write the files asked for below a folder, as `item/path`; return when the recovery point was made."""
    body, name = ask.json(), ask.names["office"]
    with world.reading() as records:
        office = records.offices.get(name.casefold())
        if office is None or not office.configured:
            raise ArmError(409, "NotConfigured", f"{name!r} has no offline method; run `configure` first.")
        for wanted in body.get("files") or []:
            _write(world, _item(office, wanted["item"]), wanted["path"], Path(body["to"]))
        first = min(point.at for item in office.items for point in item.points)
        return Answer(200, {**office_agent.facts(world, name, office.kind), "restored_from": iso(first)})


def _item(office: Office, name: str) -> Item:
    item = next((item for item in office.items if item.name == name), None)
    if item is None or not item.points:
        raise ArmError(409, "NoRecoveryPoint", f"The vault has no recovery point of {name!r}.")
    return item


def _write(world: World, item: Item, path: str, to: Path) -> None:
    target = (to / item.name / path).resolve()
    if not target.is_relative_to(to.resolve()):
        raise ArmError(400, "BadPath", f"{path!r} leads out of {to}.")
    target.parent.mkdir(parents=True, exist_ok=True)
    for container in item.containers:
        if world.storage.size(container, path) is not None:
            blob = world.storage.client.get_blob_client(container, path)
            with target.open("wb") as file:
                blob.download_blob().readinto(file)
            return
    raise ArmError(409, "NotInPoint", f"{path!r} of {item.name!r} is not in the recovery point.")


ROUTES = (Route("POST", "/rehearsal/offices/{office}/restore", restore),)
