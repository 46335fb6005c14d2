"""The stand-in for the office's backup software: what a PowerShell script would do there, as one command.

Prints exactly one JSON document on stdout; exit code 0 for an answer, 1 for a refusal (the document has `error`).
It writes real bytes to the device; what it knows of the world it asks the control interface.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from deploy.rehearsal import seed
from deploy.rehearsal.control import Control, Refused


def main(argv: list[str] | None = None) -> int:
    """Run one verb; return the exit code."""
    asked = _arguments(argv)
    control = Control(asked.control, asked.ca)
    try:
        answer = VERBS[asked.verb](control, asked)
    except (Refused, OSError, ValueError) as error:
        code = error.code if isinstance(error, Refused) else type(error).__name__
        answer = {"schema": "seeding.agent/1", "kind": asked.kind, "error": {"code": code, "message": str(error)}}
    print(json.dumps(answer))
    return 1 if "error" in answer else 0


def facts(control: Control, asked: argparse.Namespace) -> dict[str, Any]:
    """Return the server's own report."""
    return control.get(f"offices/{asked.office}?kind={asked.kind}")


def configure(control: Control, asked: argparse.Namespace) -> dict[str, Any]:
    """Set the offline method, as a person does in the wizard: detect the device, choose the order and the items."""
    page_folder(asked.device)
    items = json.loads(asked.items)
    for item in items:
        if "bytes" not in item and item.get("source"):
            item["bytes"] = seed.size_of(Path(item["source"]))
    body = {
        "kind": asked.kind, "order": asked.order, "items": items, "server": asked.server, "engine": asked.engine,
        "containers": json.loads(asked.containers) if asked.containers else [],
    }  # fmt: skip
    return control.post(f"offices/{asked.office}/configure", {k: v for k, v in body.items() if v is not None})


def start_copy(control: Control, asked: argparse.Namespace) -> dict[str, Any]:
    """Write the first copy of every item to the device as page-blob images; return what was written and the facts."""
    office = control.get(f"offices/{asked.office}/items")
    if not office["configured"]:
        raise Refused("NotConfigured", f"the offline method of {asked.office!r} is not configured; run `configure`")
    if office["kind"] == "files":
        raise Refused("NotThisAgent", "files are not copied by this agent; copy them to the device yourself")
    if not office["device_is_here"]:
        raise Refused("NotHere", "the device has left the office, or never came")
    folder = page_folder(asked.device)
    written = []
    for item in office["items"]:
        name = seed.container_name(office["server"], item["name"])
        packed = seed.pack(Path(item["source"]), folder, name, asked.image_bytes)
        written.append({"name": item["name"], **vars(packed)})
    answer = control.post(f"offices/{asked.office}/seeded", {"items": written})
    return {**answer, "items": written}


def backup_now(control: Control, asked: argparse.Namespace) -> dict[str, Any]:
    """Run an online backup at once."""
    return control.post(f"offices/{asked.office}/backup-now", {})


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


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.rehearsal.agent", description=__doc__)
    parser.add_argument("verb", choices=sorted(VERBS))
    parser.add_argument("--control", required=True, help="address of the control interface")
    parser.add_argument("--ca", required=True, help="PEM file of the CA to trust")
    parser.add_argument("--office", required=True)
    parser.add_argument("--kind", choices=("dpm", "mars", "files"), default="dpm")
    parser.add_argument("--server", help="name of the backup server; default OFFICE-BACKUP")
    parser.add_argument("--engine", choices=("dpm", "mabs"), help="for kind dpm: which product")
    parser.add_argument("--order", help="name of the delivered order")
    parser.add_argument("--device", help="root of the device, or its page-blob share")
    parser.add_argument("--items", help='JSON: [{"name", "source", "bytes"?, "daily_change_bytes"}]')
    parser.add_argument("--containers", help='JSON: ["name"] or [{"name", "item"?, "blobs"?: [{"name", "bytes"}]}]')
    parser.add_argument("--image-bytes", type=int, default=seed.IMAGE_BYTES, help="longest image, a multiple of 512")
    return parser.parse_args(argv)


VERBS = {"facts": facts, "configure": configure, "start-copy": start_copy, "backup-now": backup_now}

if __name__ == "__main__":
    sys.exit(main())
