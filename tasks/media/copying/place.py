"""Where a copy's memory lies, and the checks that the device in the slot is the one the copy began on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from blake3 import blake3

from tasks.media import platform_io
from tasks.media.faults import DeviceBusy, DeviceGone, StateInvalid, WrongDevice, device_fault
from tasks.media.names import to_bytes
from tasks.media.platform_io import Volume, volume_of
from tasks.media.state import State


def keep_apart(source: Path, target: Path, state: Path) -> None:
    """Raise StateInvalid when source, target and state directory lie inside one another where they must not."""
    places = [p.resolve() for p in (source, target, state)]
    for inner, outer, what in (
        (places[2], places[0], "the state directory lies inside the source"),
        (places[2], places[1], "the state directory lies inside the folder that is shipped"),
        (places[1], places[0], "the target lies inside the source"),
        (places[0], places[1], "the source lies inside the target"),
    ):
        if inner == outer or outer in inner.parents:
            raise StateInvalid(f"{what}: {inner}")


def state_name(kind: str, volume: Volume, target: Path) -> str:
    """Return the name of the state file of *kind* for *target*: the same wherever the volume is mounted."""
    place = target.resolve()
    where = to_bytes(os.path.relpath(place, volume.root)) if volume.identity else os.fsencode(place)
    return f"{kind}-{volume.identity or platform_io.NO_IDENTITY}-{blake3(where).hexdigest(8)}.state"


@contextmanager
def open_state(target: Path, state: Path) -> Iterator[State]:
    """Open the state of a copy to *target* for this process alone, and create the target.

    Raises WrongDevice, DeviceGone, DeviceBusy or StateInvalid.
    """
    volume = volume_of(target)
    name = state_name("copy", volume, target)
    if not (state / name).exists():
        _nothing_unfinished_elsewhere(target, state, volume)
    with locked_state(state / name) as opened:
        _begin(opened, target, volume)
        yield opened


@contextmanager
def locked_state(place: Path) -> Iterator[State]:
    """Open a state file for this process alone. Raises DeviceBusy, StateInvalid, or the device's fault."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        lock = platform_io.Lock(place.with_name(place.name + ".lock"))
    except OSError as error:
        raise device_fault(error, f"cannot write the state directory {place.parent}") from error
    try:
        if not lock.take(patience_seconds=1.0):
            raise DeviceBusy(f"another copy is using {place}")
        opened = State(place)
        try:
            yield opened
        finally:
            opened.close()
    finally:
        lock.release()


def describe(opened: State, target: Path, volume: Volume) -> None:
    """Note in a state which folder of which volume it is about."""
    place = target.resolve()
    opened.put(target=str(place), volume=volume.identity, inside=os.path.relpath(place, volume.root))


def _begin(opened: State, target: Path, volume: Volume) -> None:
    describe(opened, target, volume)
    if not opened.get("token"):
        opened.put(token=os.urandom(4).hex())
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise device_fault(error, f"cannot create the folder {target}") from error


def _nothing_unfinished_elsewhere(target: Path, state: Path, volume: Volume) -> None:
    """Refuse to begin at a place where a copy to another volume was left half-way."""
    for place in sorted(state.glob("copy-*.state")) if state.is_dir() else ():
        try:
            other = State(place)
        except DeviceBusy:
            continue
        try:
            here = other.get("target") == str(target.resolve())
            unfinished = other.get("phase") == "copying" and other.get("volume") != volume.identity
        finally:
            other.close()
        if here and unfinished:
            if volume.root == Path(volume.root.anchor):
                raise DeviceGone(f"nothing is mounted at {target}: the copy to it is not finished")
            raise WrongDevice(f"the copy to {target} began on another device")
