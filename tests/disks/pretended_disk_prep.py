"""Stands in for the disk preparation tool: asks in the documented order, and leaves drives as the documents say.

    pretended_disk_prep.py [--die-at copy|job] [--unencrypted] [--says TEXT] --journal FOLDER JOB SERIAL... s:STAGING

The drive "letters" it is told are folders. Each drive gets its share of the staging folder, a manifest with a storage
key in it, and a BitLocker key of the tool's own, which it prints and keeps in its journal. No code of the product here.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import sys
from pathlib import Path

RANGE = 1 << 20
ACCOUNT_KEY = "A" * 86 + "=="


def ask(words: str) -> str:
    print(words, end=" ", flush=True)
    return sys.stdin.readline().rstrip("\r\n")


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest().upper()


def write(volume: Path, serial: str, files: list[Path], staging: Path) -> None:
    blobs = ""
    for file in files:
        name, data = file.relative_to(staging).as_posix(), file.read_bytes()
        target = volume / "seed" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        ranges = "".join(
            f'<PageRange Offset="{at}" Length="{len(data[at : at + RANGE])}" Hash="{md5(data[at : at + RANGE])}"/>'
            for at in range(0, len(data), RANGE)
        )
        path = "\\seed\\" + name.replace("/", "\\")
        blobs += (
            f"<Blob><BlobPath>seed/{name}</BlobPath><FilePath>{path}</FilePath><Length>{len(data)}</Length>"
            f"<ImportDisposition>rename</ImportDisposition><PageRangeList>{ranges}</PageRangeList></Blob>"
        )
    (volume / "DriveManifest.xml").write_text(
        '<?xml version="1.0" encoding="utf-8"?><DriveManifest Version="2014-11-01"><Drive>'
        f"<DriveId>{serial}</DriveId><StorageAccountKey>{ACCOUNT_KEY}</StorageAccountKey>"
        f'<ClientCreator>Tool</ClientCreator><BlobList Id="s#1-0">{blobs}</BlobList></Drive></DriveManifest>'
    )


def encrypt(volume: Path, journal: Path) -> None:
    key, salt = "-".join(f"{random.randrange(1 << 16) * 11:06d}" for _ in range(8)), os.urandom(8)
    print(f"Encrypting with {key} ... done")
    journal.parent.mkdir(exist_ok=True)
    journal.write_text(key)
    facts = {"salt": salt.hex(), "hash": hashlib.sha256(salt + key.encode()).hexdigest(), "locked": False}
    (volume.parent / "bitlocker.json").write_text(json.dumps({"schema": "seeding.folder-bitlocker/1", **facts}))


def prepare(asked: argparse.Namespace, serials: list[str], staging: Path) -> int:
    """Prepare one drive after the other; 0 when all are done."""
    files = sorted(path for path in staging.rglob("*") if path.is_file())
    for number, serial in enumerate(serials):
        if number and ask("More data remains. Prepare another drive (y/n)?") != "y":
            return 4
        volume = Path(ask("Enter the drive letter of the disk (without colon):"))
        if asked.says:
            print(asked.says, flush=True)
        if ask(f"Drive {volume} will be formatted and all its data lost. Continue (y/n)?") != "y":
            return 3
        if number == 0:
            ask("Please sign in at the browser and press Enter to continue")
        if not asked.unencrypted:
            encrypt(volume, Path(asked.journal) / f"{serial}.jrn")
        write(volume, serial, files[number :: len(serials)], staging)
        if asked.die_at == "copy":
            return 9
    return 0


def create_job(asked: argparse.Namespace, job: str, serials: list[str]) -> int:
    """Print what was prepared, ask for the addresses and make the job; 0 when it is made."""
    for number, serial in enumerate(serials, 1):
        print(f"  Disk {number}: Serial Number: {serial}")
    print("Storage account: seed\nResource group: rg\nCountry/Region: Kenya\nAzure region: southafricanorth")
    for words in ("Contact Name:", "Contact Number:", "Email:", "Shipping Address:", "Country/Region:", "Postal Code:"):
        if not ask(words):
            return 5
    if asked.die_at == "job":
        return 9
    print(f"Import job name: {job}\nThe import job was created successfully.")
    print("Datacenter address: 1 Example Rd\nSupported carriers:\n  - DHL")
    return 0


def main() -> int:
    read = argparse.ArgumentParser()
    read.add_argument("--die-at", default="")
    read.add_argument("--unencrypted", action="store_true")
    read.add_argument("--says", default="")
    read.add_argument("--journal")
    read.add_argument("words", nargs="+")
    asked = read.parse_args()
    job, *serials, told = asked.words
    print(f"Import jobs for this staging location:\n  1) {job}")
    if ask("Select the import job:") != "1":
        return 2
    return prepare(asked, serials, Path(told.removeprefix("s:"))) or create_job(asked, job, serials)


if __name__ == "__main__":
    sys.exit(main())
