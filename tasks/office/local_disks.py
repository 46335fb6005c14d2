"""The own-disk work at an office, done by this very process: staging, drives, keys. No Azure, no Prefect."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from states.facts import DriveReady, DrivesPrepared, DrivesSeen
from states.plan import Drive
from tasks.disk_site import disk_office
from tasks.errors import NotYet, Rejected, SeedingError
from tasks.files import write_aside
from tasks.office import disks, staged
from tasks.ports import DriveWork, OnSite, Staged

# What the package of the drives raises, as a condition of the run.
_CONDITIONS: dict[type[SeedingError], str] = {
    disks.DriveRefused: "drive-not-usable",
    disks.DriveDiffers: "drive-not-usable",
    disks.BitLockerFailed: "drive-not-usable",
    disks.SessionReused: "drive-not-usable",
    disks.KeyMissing: "key-missing",
    disks.KeyInvalid: "key-missing",
    Rejected: "key-missing",
    disks.DoesNotFit: "drives-too-few",
    disks.StagingChanged: "source-not-readable",
    disks.StagingRefused: "source-not-readable",
    disks.ToolRefused: "disk-tool-stopped",
}


@contextmanager
def on_drives() -> Iterator[None]:
    """Give the errors of the drives the code of the condition they are for a run."""
    try:
        yield
    except SeedingError as wrong:
        wrong.code = next((code for kind, code in _CONDITIONS.items() if isinstance(wrong, kind)), wrong.code)
        raise


@dataclass(frozen=True)
class LocalDisks:
    """The DiskOffice port on this machine. *home* keeps plans and journals of the preparation, never a key.

    With a *tool* the vendor's program prepares the drives; without one we do.
    """

    home: Path
    drives: disks.Drives
    formatter: disks.Formatter
    bitlocker: disks.BitLocker
    keys: disks.KeyPlace
    listed: tuple[Drive, ...]
    tool: disks.Tool | None = None

    def known_drives(self) -> tuple[Drive, ...]:
        """Return the drives the inventory lists now."""
        return self.listed

    def staging_free(self, work: OnSite) -> int | None:
        """Return the free bytes of the staging place, the seed's own files there counted as free. Raises NotYet."""
        staging = Path(disk_office(work.plan).staging)
        if not staging.is_dir():
            raise NotYet(f"the staging place {staging} of {work.plan.office} is not there")
        mine = sum(path.stat().st_size for path in staging.rglob("*") if path.is_file())
        return shutil.disk_usage(staging).free + mine

    def check_drives(self, work: OnSite, serials: tuple[str, ...]) -> DrivesSeen | None:
        """Look at these drives and return every objection; what formatting mends is none."""
        seen = {drive.serial.strip(): drive for drive in self.drives.look()}
        against = [f"drive {serial} is not connected" for serial in serials if serial not in seen]
        for serial in serials:
            if serial in seen:
                against += [one.message for one in disks.objections(seen[serial], serial, raw_ok=True)]
        return DrivesSeen(tuple(serial for serial in serials if serial in seen), tuple(against))

    def prepare_drives(
        self, work: OnSite, wanted: DriveWork, about_to_read: Callable[[str], None]
    ) -> DrivesPrepared | None:
        """Format what was allowed and is not ours already, then write, describe, re-read and lock each drive."""
        with on_drives():
            if self.tool:
                return self._by_tool(self.tool, work, wanted)
            return self._prepared(work, wanted, disks.ToldKeys(self.keys, about_to_read))

    def _by_tool(self, tool: disks.Tool, work: OnSite, wanted: DriveWork) -> DrivesPrepared:
        if wanted.landed:
            raise disks.ToolRefused(
                f"{len(wanted.landed)} drives of this seed have landed, and the tool cannot write the rest alone",
                next="set `prepare: native` for this office in the inventory",
            )
        if missing := [serial for serial in wanted.serials if serial not in wanted.allowed]:
            raise disks.DriveRefused(f"nobody allowed {', '.join(missing)} to be formatted", next="allow it by serial")
        asked = disks.ToolWork(
            job_name=work.job_name,
            staging=disk_office(work.plan).staging,
            serials=wanted.serials,
            go_ahead=disks.said_yes(wanted.allowed_by),  # a drive that holds anything is refused
            seed_bytes=wanted.sealed.bytes,
        )
        done = disks.prepare_by_tool(tool, asked, self.drives, self.bitlocker, self._state(work))
        return DrivesPrepared(wanted.sealed.digest, _ready(done), job_made=True)

    def _prepared(self, work: OnSite, wanted: DriveWork, keys: disks.KeyPlace) -> DrivesPrepared:
        for serial in (serial for serial in wanted.serials if serial in wanted.allowed):
            self._make_ready(work, serial, wanted, keys)
        own, roots = disk_office(work.plan), self._roots()
        held = self._held(work, wanted)
        surveyed = disks.look_at_staging(Path(own.staging), own.container)
        done = disks.prepare(
            disks.Work(
                session=work.job_name,
                container=own.container,
                staging=Path(own.staging),
                surveyed=surveyed,
                drives=tuple(
                    disks.DriveTarget(serial, roots.get(serial, Path(serial)), self._room(serial))
                    for serial in (*wanted.landed, *wanted.serials)
                ),
                held=held,
                only=wanted.serials,
            ),
            self.drives,
            self._state(work),
        )
        self._keep(work, done.allocation)
        for drive in done.drives:
            self.bitlocker.lock(roots[drive.serial])
        return DrivesPrepared(wanted.sealed.digest, _ready(done.drives))

    def key(self, serial: str) -> str:
        """Return a drive's key. Raises KeyMissing."""
        with on_drives():
            return self.keys.get(serial).reveal()

    def staged_bytes(self, work: OnSite, files: tuple[Staged, ...]) -> int | None:
        """Return the bytes of these files that still lie in the staging place as they were sealed."""
        return staged.staged_bytes(Path(disk_office(work.plan).staging).parent, files)

    def clear_staging(self, work: OnSite, files: tuple[Staged, ...]) -> tuple[str, ...] | None:
        """Delete these files from the staging place; return the first few that are not the seed's and stay."""
        staging = Path(disk_office(work.plan).staging)
        return staged.clear(staging.parent, staging, files)

    def _make_ready(self, work: OnSite, serial: str, wanted: DriveWork, keys: disks.KeyPlace) -> None:
        seen = next((drive for drive in self.drives.look() if drive.serial.strip() == serial), None)
        root = Path(seen.path) if seen and seen.path else None
        if not (root and self._formatted(work, serial)):
            go = disks.said_yes(wanted.allowed_by)  # names nothing to erase: a drive that holds anything is refused
            disks.format_drive(serial, wanted.serials, go, self.drives, self.formatter, lambda _seen: None)
            write_aside(self._mark(work, serial), json.dumps({"serial": serial}).encode())
            root = self._roots()[serial]
        disks.ensure_encrypted(serial, root, self.bitlocker, keys)

    def _formatted(self, work: OnSite, serial: str) -> bool:
        """Say whether this session formatted the drive before: then what is on it is ours and may stay."""
        return self._mark(work, serial).exists()

    def _mark(self, work: OnSite, serial: str) -> Path:
        self._state(work).mkdir(parents=True, exist_ok=True)
        return self._state(work) / f"{serial}.formatted.json"

    def _roots(self) -> dict[str, Path]:
        return {drive.serial.strip(): Path(drive.path) for drive in self.drives.look() if drive.path}

    def _room(self, serial: str) -> int:
        planned = next((drive.capacity_bytes for drive in self.listed if drive.serial == serial), 0)
        return disks.room_bytes(planned)

    def _held(self, work: OnSite, wanted: DriveWork) -> disks.Allocation | None:
        """Return what earlier attempts allocated, without the drives that did not land."""
        path = self.home / work.plan.job_name / "allocation.json"
        if not path.exists():
            return None
        before = disks.read_allocation(json.loads(path.read_text("utf-8")))
        kept = {*wanted.landed, *wanted.serials}
        return before.without([serial for serial in before.serials if serial not in kept])

    def _keep(self, work: OnSite, allocation: disks.Allocation) -> None:
        write_aside(self.home / work.plan.job_name / "allocation.json", json.dumps(allocation.document()).encode())

    def _state(self, work: OnSite) -> Path:
        return self.home / work.plan.job_name / work.job_name


def _ready(done: Iterable[disks.PreparedDrive]) -> tuple[DriveReady, ...]:
    return tuple(DriveReady(one.serial, one.manifest_file, one.manifest_hash, one.bytes, one.blobs) for one in done)
