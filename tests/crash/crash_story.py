"""A seeding that can be put back: the moments before each verb, each with a copy of everything the verb may change.

Beside the product's home that is the rehearsal Azure's memory, its devices and drives, and the blobs of its account.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from hashlib import md5
from pathlib import Path
from typing import Any

import yaml
from azure.storage.blob import BlobType, ContentSettings
from forks import Forks
from rehearsal_host import Rehearsal as Azure

from deploy.cli.opening import Opened
from deploy.cli.starting import open_run
from deploy.clocks import FileClock
from deploy.rehearsal.control import Control
from deploy.rehearse import Rehearsal, answer, enter, lay_out
from deploy.settings import settings
from states.run import Run
from tasks.files import write_aside
from tasks.journal import Journal

SEED_BYTES = 3 * 1024 * 1024


@dataclass(frozen=True)
class Kept:
    """Everything as it was at one moment: folders aside, the world's memory, the blobs' names."""

    folder: Path
    world: dict[str, Any]
    blobs: dict[str, tuple[str, ...]]  # container -> blobs


class Story:
    """One office's seeding, from `planned`; its passes run in children of `forks`."""

    def __init__(self, azure: Azure, folder: Path, office: str) -> None:
        self.azure, self.folder = azure, folder
        self.journal_file = folder / "journal" / "journal.db"
        self.rehearsal = _laid_out(azure, folder, office)
        self.forks = Forks()
        self.allowed: set[str] = set()
        self._kept: dict[str, bytes] = {}

    def close(self) -> None:
        """End the children's server and give the journal back."""
        self.forks.stop()
        self.rehearsal.journal.close()

    @property
    def run(self) -> Run:
        """The run as its journal tells it now."""
        (run,) = self.rehearsal.runs()
        self.rehearsal.journal.close()  # the file is about to be another one
        return run

    def child(self, do: str, **job: Any) -> dict[str, Any]:
        """Return how a process of its own did that job."""
        known = {"home": str(self.folder / "home"), "journal": str(self.journal_file)}
        azure = {"control": self.azure.known["control"], "ca": self.azure.known["ca"]}
        return self.forks.run(do=do, **known, **azure, **job)

    def pass_until(self, verb: str, *also: str) -> None:
        """Make a pass that performs what the story has come to and *also* these, and ends before *verb*.

        "" stands for a pass that ends because the run waits.
        """
        stopped = self.child("walk", allowed=sorted({*self.allowed, *also}))["stopped_at"]
        assert stopped == verb, (
            f"the story came to {stopped!r}, not to {verb!r}; {self.run.state} {self.run.conditions}"
        )

    def say(self, what: str) -> None:
        """Tell the run what a person tells it."""
        self.child("say", verb=what)

    def let_happen(self, what: str) -> None:
        """Let time go on until something like *what* has happened; nobody looks."""
        self.azure.control.jump_until(what)
        self.rehearsal.clock.set(self.azure.control.now())

    def mishap(self, what: str, **how: Any) -> None:
        """Let something go wrong at the office before long."""
        self.azure.control.add_faults({"world": what, "office": self.run.plan.office, **how})

    def hours_later(self, hours: float) -> None:
        """Let time go on."""
        self.azure.control.jump(self.azure.control.now() + timedelta(hours=hours))
        self.rehearsal.clock.set(self.azure.control.now())

    def office_answers(self) -> None:
        """Do what the office does about the run's question, and tell the run."""
        assert answer(self.rehearsal, self.run), self.run.state
        self.rehearsal.journal.close()

    def keep(self, name: str) -> Kept:
        """Keep this moment."""
        folder = self.folder / "kept" / name
        for part, path in self._parts().items():
            shutil.copytree(path, folder / part, dirs_exist_ok=True)
        return Kept(folder, self.azure.control.get("world"), self._blobs())

    def put_back(self, kept: Kept) -> None:
        """Make everything as it was at that moment."""
        self.azure.control.post("world", kept.world)
        for part, path in self._parts().items():
            shutil.rmtree(path, ignore_errors=True)
            shutil.copytree(kept.folder / part, path)
        there = {str(container.name) for container in self.azure.blobs.list_containers()}
        for container in sorted(set(kept.blobs) - there):
            self.azure.blobs.create_container(container)
            for name in kept.blobs[container]:
                self._upload(container, name)

    def _parts(self) -> dict[str, Path]:
        home = self.folder / "home"
        parts = {"devices": Path(self.azure.known["devices"]), "drives": Path(self.azure.known["drives"])}
        parts |= {"journal": self.journal_file.parent}
        parts |= {name: home / name for name in ("archive", "media", "staging", "work")}
        for path in parts.values():
            path.mkdir(parents=True, exist_ok=True)
        return parts

    def _blobs(self) -> dict[str, tuple[str, ...]]:
        found = {}
        for container in [str(one.name) for one in self.azure.blobs.list_containers()]:
            inside = self.azure.blobs.get_container_client(container)
            found[container] = tuple(str(blob.name) for blob in inside.list_blobs())
            for name in found[container]:
                self._download(container, name)
        return found

    def _download(self, container: str, name: str) -> None:
        if f"{container}/{name}" not in self._kept:
            blob = self.azure.blobs.get_blob_client(container, name)
            self._kept[f"{container}/{name}"] = blob.download_blob().readall()
            self._kept[f"{container}/{name}?type"] = str(blob.get_blob_properties().blob_type.value).encode()

    def _upload(self, container: str, name: str) -> None:
        content, kind = self._kept[f"{container}/{name}"], self._kept[f"{container}/{name}?type"].decode()
        summed = ContentSettings(content_md5=bytearray(md5(content).digest())) if kind == "BlockBlob" else None
        client = self.azure.blobs.get_blob_client(container, name)
        client.upload_blob(content, blob_type=BlobType(kind), content_settings=summed)


def _laid_out(azure: Azure, folder: Path, office: str) -> Rehearsal:
    """Lay out one sample office with a small seed and a sample to restore, its journal in a folder of its own."""
    known, where = dict(azure.known), settings(folder / "home")
    enter(known)
    where.home.mkdir(parents=True, mode=0o700)
    lay_out(where, known, None, SEED_BYTES, (office,))
    inventory = yaml.safe_load(where.inventory.read_text("utf-8"))
    inventory["offices"][0]["restore_sample"] = True
    write_aside(where.inventory_at_home, yaml.safe_dump(inventory, sort_keys=False).encode())
    control, clock = Control(known["control"], known["ca"]), FileClock(where.clock_file)
    clock.set(control.now())
    opened = Opened(where.home, make=True)
    open_run(opened, office, "", {})
    opened.journal.close()
    (folder / "journal").mkdir()
    (where.home / "journal.db").rename(folder / "journal" / "journal.db")
    journal = Journal(f"sqlite:///{folder / 'journal' / 'journal.db'}", make=False)
    journal.close()  # opened again at its first use; the file may be another one then
    return Rehearsal(where, known, control, clock, journal)
