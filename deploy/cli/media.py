"""The hand-held commands of the media engine: copy, seal, verify, reconcile. They need no run, journal or Prefect.

Names, options and help only; what they do stands in `media_work`, imported when a command runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.envelope import run

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON envelope and nothing else.")]
_Device = Annotated[Path, typer.Argument(help="Where the device is mounted.")]
_Folder = Annotated[str, typer.Option(help="Folder on the device, such as PageBlob/backup-1.")]
_Manifest = Annotated[Path | None, typer.Option(help="The manifest (default: DEVICE/seeding-manifest.txt).")]
_State = Annotated[Path | None, typer.Option(help="Checkpoints and hashes (default: DEVICE/.seeding-state).")]


def register(app: typer.Typer) -> None:
    """Add the four commands to *app*."""
    app.command()(copy)
    app.command()(seal)
    app.command()(verify)
    app.command()(reconcile)


def copy(
    source: Annotated[Path, typer.Argument(help="The folder to copy; it is never changed.")],
    device: _Device,
    folder: _Folder = "PageBlob",
    state: _State = None,
    check: Annotated[str, typer.Option(help="Survey first, by the rules of: page, block, none.")] = "none",
    md5: Annotated[bool, typer.Option(help="Make the whole-file MD5 that blobs carry.")] = True,
    ranges: Annotated[bool, typer.Option(help="Make the MD5 of each 4 MiB, for drive manifests.")] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes for small files; more for a network.")] = None,
    json: _Json = False,
) -> None:
    """Copy a seed onto a device, hashed on the way. Stopped or killed, the same command goes on where it was."""
    from deploy.cli import media_work as work

    order = work.CopyOrder(source, device, folder, state, check, md5, ranges, workers)
    run("copy", lambda: work.copied(order, quiet=json), as_json=json)


def seal(
    device: _Device,
    folder: Annotated[list[str] | None, typer.Option(help="A folder to seal; repeat it. Default: PageBlob.")] = None,
    manifest: _Manifest = None,
    state: _State = None,
    run_id: Annotated[str, typer.Option("--run", help="The run's id, for the manifest's header.")] = "by-hand",
    attempt: Annotated[int, typer.Option(min=1, help="The run's attempt.")] = 1,
    serial: Annotated[str, typer.Option(help="The device's serial number.")] = "unknown",
    item: Annotated[list[str] | None, typer.Option(help="NAME=FOLDER: where an item lies; repeat it.")] = None,
    ranges: Annotated[bool, typer.Option(help="List the MD5 of each 4 MiB, for drive manifests.")] = False,
    reopen: Annotated[bool, typer.Option(help="Replace a manifest that no longer matches the device.")] = False,
    json: _Json = False,
) -> None:
    """Write the manifest of what lies on a device, and print the digest that proves it later."""
    from deploy.cli import media_work as work

    order = work.SealOrder(
        device, tuple(folder or ["PageBlob"]), manifest, state, run_id, attempt, serial, tuple(item or []), ranges,
        reopen,
    )  # fmt: skip
    run("seal", lambda: work.sealed(order, quiet=json), as_json=json)


def verify(device: _Device, manifest: _Manifest = None, json: _Json = False) -> None:
    """Read a device again, past the page cache, and compare every byte with its manifest."""
    from deploy.cli import media_work as work

    run("verify", lambda: work.verified(device, manifest, quiet=json), as_json=json)


def reconcile(
    manifest: Annotated[Path, typer.Argument(help="The sealed manifest.")],
    blobs: Annotated[Path, typer.Option(help="JSON of `az storage blob list`, or the same with a container each.")],
    folder: _Folder = "PageBlob",
    container: Annotated[str, typer.Option(help="The container of the listing, where it names none.")] = "",
    copy_log: Annotated[Path | None, typer.Option(help="The device's copy log.")] = None,
    bom: Annotated[Path | None, typer.Option(help="The device's own list of files.")] = None,
    json: _Json = False,
) -> None:
    """Compare a manifest with the blobs that arrived, the copy log and the device's own list."""
    from deploy.cli import media_work as work

    order = work.ReconcileOrder(manifest, blobs, folder, container, copy_log, bom)
    run("reconcile", lambda: work.reconciled(order), as_json=json)
