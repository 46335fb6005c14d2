"""The stand-in for the office's backup software: what a PowerShell script would do there, as one command.

Prints exactly one JSON document on stdout; exit code 0 for an answer, 1 for a refusal (the document has `error`).
A server that is switched off prints nothing at all.
It writes real bytes to the device; what it knows of the world it asks the control interface.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from deploy.rehearsal import seed
from deploy.rehearsal.control import Control, Refused


def main(argv: list[str] | None = None) -> int:
    """Run one verb; return the exit code."""
    asked = arguments(argv)
    control = Control(asked.control, asked.ca)
    try:
        answer = answered(control, asked)
    except Refused as silent:
        print(silent, file=sys.stderr)
        return 1
    print(json.dumps(answer))
    return 1 if "error" in answer else 0


def answered(control: Control, asked: argparse.Namespace) -> dict[str, Any]:
    """Return the document to print, a refusal too. Raises Refused for a server that is switched off."""
    try:
        return VERBS[asked.verb](control, asked)
    except (Refused, OSError, ValueError) as error:
        if isinstance(error, Refused) and error.code == "Silent":
            raise
        code = error.code if isinstance(error, Refused) else type(error).__name__
        return {"schema": "seeding.agent/1", "kind": asked.kind, "error": {"code": code, "message": str(error)}}


def facts(control: Control, asked: argparse.Namespace) -> dict[str, Any]:
    """Return the server's own report."""
    named = f"&server={quote(asked.server)}" if asked.server else ""
    answer = control.get(f"offices/{asked.office}?kind={asked.kind}{named}")
    return {**answer, "device": _device(asked.device)} if asked.device else answer


def configure(control: Control, asked: argparse.Namespace) -> dict[str, Any]:
    """Set the offline method, as a person does in the wizard: the order and its device, or import job and staging."""
    own = {"import_job": asked.import_job, "staging": asked.staging, "container": asked.container}
    if asked.import_job:
        staging_folder(asked.staging)
    else:
        page_folder(asked.device)
    items = json.loads(asked.items)
    for item in items:
        if "bytes" not in item and item.get("source"):
            item["bytes"] = seed.size_of(Path(item["source"]))
    body = {
        "kind": asked.kind, "order": asked.order, "items": items, "server": asked.server, "engine": asked.engine,
        "containers": json.loads(asked.containers) if asked.containers else [], **own,
    }  # fmt: skip
    return control.post(f"offices/{asked.office}/configure", {k: v for k, v in body.items() if v is not None})


def start_copy(control: Control, asked: argparse.Namespace) -> dict[str, Any]:
    """Write the first copy of every item as page-blob images; return what was written and the facts.

    It goes to the device, or to the staging folder when the customer's own drives are used.
    """
    office = control.get(f"offices/{asked.office}/items")
    if not office["configured"]:
        raise Refused("NotConfigured", f"the offline method of {asked.office!r} is not configured; run `configure`")
    if office["kind"] == "files":
        raise Refused("NotThisAgent", "files are not copied by this agent; copy them to the device yourself")
    write = _to_staging(office, asked) if office["own_drives"] else _to_device(office, asked)
    written = []
    for item in office["items"]:
        name = seed.container_name(office["server"], item["name"])
        written.append({"name": item["name"], **vars(write(Path(item["source"]), name))})
    answer = control.post(f"offices/{asked.office}/seeded", {"items": written})
    return {**answer, "items": written}


def backup_now(control: Control, asked: argparse.Namespace) -> dict[str, Any]:
    """Run an online backup at once."""
    return control.post(f"offices/{asked.office}/backup-now", {})


def stop_job(control: Control, asked: argparse.Namespace) -> dict[str, Any]:
    """Stop the online job that runs."""
    return control.post(f"offices/{asked.office}/stop-job", {})


def restore(control: Control, asked: argparse.Namespace) -> dict[str, Any]:
    """Restore files from the oldest recovery point into a folder, as `item/path`."""
    if not asked.to or not asked.files:
        raise ValueError("--to and --files are needed")
    return control.post(f"offices/{asked.office}/restore", {"to": asked.to, "files": json.loads(asked.files)})


def _device(path: str) -> dict[str, Any]:
    """Return whether the device can be seen there."""
    try:
        page_folder(path)
    except ValueError as wrong:
        return {"path": path, "found": Path(path).is_dir(), "page_blobs": False, "trap": str(wrong)}
    return {"path": path, "found": True, "page_blobs": True, "trap": ""}


def _to_device(office: dict[str, Any], asked: argparse.Namespace) -> Callable[[Path, str], seed.Packed]:
    if not office["device_is_here"]:
        raise Refused("NotHere", "the device has left the office, or never came")
    folder = page_folder(asked.device)
    return lambda source, name: seed.pack(source, folder, name, asked.image_bytes)


def _to_staging(office: dict[str, Any], asked: argparse.Namespace) -> Callable[[Path, str], seed.Packed]:
    if asked.staging and asked.staging != office["staging"]:
        raise Refused("OtherStaging", f"the offline method names the staging location {office['staging']!r}")
    folder = staging_folder(office["staging"])
    return lambda source, name: seed.stage(source, folder, name, office["container"], asked.image_bytes)


def staging_folder(staging: str | None) -> Path:
    """Return the staging location. Raises ValueError when it is no folder this server can reach."""
    if not staging or not Path(staging).is_dir():
        raise ValueError(f"the staging location {staging!r} is not a folder that can be reached")
    return Path(staging)


def page_folder(device: str | None) -> Path:
    """Return the page-blob folder of the device at *device*. Raises ValueError when there is none: not a device."""
    if not device:
        raise ValueError("--device is needed")
    root = Path(device)
    shares = [root] if root.name.endswith("_PageBlob") else [root / "PageBlob", *sorted(root.glob("*_PageBlob"))]
    found = [share for share in shares if share.is_dir()]
    if len(found) != 1:
        raise ValueError(f"no device was detected at {root}: it has no folder for page blobs")
    return found[0]


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line taken apart."""
    parser = argparse.ArgumentParser(prog="python -m deploy.rehearsal.agent", description=__doc__)
    parser.add_argument("verb", choices=sorted(VERBS))
    parser.add_argument("--control", required=True, help="address of the control interface")
    parser.add_argument("--ca", required=True, help="PEM file of the CA to trust")
    parser.add_argument("--office", required=True)
    parser.add_argument("--kind", choices=("dpm", "mars", "files"), default="dpm")
    parser.add_argument("--server", help="name of the backup server; default OFFICE-BACKUP")
    parser.add_argument("--engine", choices=("dpm", "mabs"), help="for kind dpm: which product")
    parser.add_argument("--order", "-Order", help="name of the delivered order")
    parser.add_argument("--device", "-Device", help="root of the device, or its page-blob share")
    parser.add_argument("--import-job", help="for own drives, instead of --order: name of the import job to come")
    parser.add_argument("--staging", "-Staging", help="for own drives, instead of --device: the staging location")
    parser.add_argument("--container", help="for own drives: container the seed goes to; any, when it is not given")
    parser.add_argument("--items", help='JSON: [{"name", "source", "bytes"?, "daily_change_bytes"}]')
    parser.add_argument("-Items", dest="names", help="names of the items a verb is about, separated by |")
    parser.add_argument("--containers", help='JSON: ["name"] or [{"name", "item"?, "blobs"?: [{"name", "bytes"}]}]')
    parser.add_argument("--to", help="restore: the folder to restore to")
    parser.add_argument("--files", help='restore: JSON: [{"item", "path"}]')
    parser.add_argument("--image-bytes", type=int, default=seed.IMAGE_BYTES, help="longest image, a multiple of 512")
    return parser.parse_args(argv)


VERBS = {
    "facts": facts,
    "configure": configure,
    "start-copy": start_copy,
    "stop-job": stop_job,
    "backup-now": backup_now,
    "restore": restore,
}

if __name__ == "__main__":
    sys.exit(main())
