"""BitLocker on the copy computer: encrypt a drive with a numerical password, read it back, lock, unlock.

The key is put in its place before the drive is encrypted with it, so that no crash leaves a drive nobody can open. On
Windows a key is handed over on standard input, never on a command line: those are recorded, and `manage-bde` takes a
key nowhere else, so adding and unlocking go through the BitLocker module. `ManageBde` was written from documents and
has NOT BEEN RUN ON WINDOWS yet; `FolderBitLocker` is tested and serves the rehearsal.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from tasks.errors import NotYet
from tasks.files import write_aside
from tasks.office.disks.commands import POWERSHELL, Ran, Run, run_command
from tasks.office.disks.faults import BitLockerFailed, KeyMissing
from tasks.office.disks.keys import BitLockerKey, KeyPlace, new_key
from tasks.office.disks.probe import BITLOCKER_FILE

State = Literal["off", "unlocked", "locked"]
_ROOT = re.compile(r"[A-Za-z]:\\?")
_KEY_IN_TEXT = re.compile(r"(?<!\d)\d{6}(?:-\d{6}){7}(?!\d)")
METHOD = "aes256"  # not XTS: drives that travel are read by other Windows versions


class BitLocker(Protocol):
    """What one machine can do to the volume at *root*. Every call raises BitLockerFailed when it did not work."""

    def state(self, root: Path) -> State:
        """Return whether the volume is encrypted, and then whether it is open."""

    def encrypt(self, root: Path, key: BitLockerKey) -> None:
        """Encrypt the volume so that *key* opens it. Calling twice with the same key is safe."""

    def key(self, root: Path) -> BitLockerKey:
        """Read the key back from an open volume."""

    def lock(self, root: Path) -> None:
        """Close the volume; whoever has no key cannot read it. Raises NotYet while it is still being encrypted."""

    def unlock(self, root: Path, key: BitLockerKey) -> None:
        """Open the volume. Raises BitLockerFailed for a wrong key."""


def ensure_encrypted(serial: str, root: Path, bitlocker: BitLocker, keys: KeyPlace) -> str:
    """Encrypt the drive *serial* at *root* with the key that *keys* keeps, or with a new one; read it back.

    Safe to call twice. Returns a warning about the key, or "". Raises BitLockerFailed, KeyMissing and KeyInvalid.
    """
    state = bitlocker.state(root)
    try:
        key = keys.get(serial)
    except KeyMissing:
        if state == "locked":
            raise
        key = bitlocker.key(root) if state == "unlocked" else new_key()
        keys.put(serial, key)
    if state == "locked":
        bitlocker.unlock(root, key)
    if state == "off":
        bitlocker.encrypt(root, key)
    if bitlocker.key(root) != key:
        raise BitLockerFailed(
            f"drive {serial} opens with another key than the one that is kept for it",
            next="format the drive and prepare it again, or correct the kept key",
        )
    return key.warning


@dataclass(frozen=True)
class ManageBde:
    """BitLocker by `manage-bde`, and by the BitLocker module where a key must be handed over. Needs elevation."""

    run: Run = run_command

    def state(self, root: Path) -> State:
        """Ask for the lock status in the module's own words, which are the same in every language of Windows."""
        lock, volume = self._status(root)
        if lock == "Locked":
            return "locked"
        return "off" if volume == "FullyDecrypted" else "unlocked"

    def encrypt(self, root: Path, key: BitLockerKey) -> None:
        """Add the numerical password, then switch encryption on for the space in use."""
        letter = _letter(root)
        add = (
            "$k = [Console]::In.ReadLine(); $null = Add-BitLockerKeyProtector "
            f"-MountPoint '{letter}' -RecoveryPasswordProtector -RecoveryPassword $k "
            "-WarningAction SilentlyContinue"  # its warning repeats the key
        )
        self._powershell(add, key.reveal() + "\n", "give a key to")
        on = ("manage-bde.exe", "-on", letter, "-UsedSpaceOnly", "-SkipHardwareTest", "-EncryptionMethod", METHOD)
        self._done(on, "encrypt", root)

    def key(self, root: Path) -> BitLockerKey:
        """Find the one numerical password in what `manage-bde` prints, in whatever language it does."""
        letter = _letter(root)
        get = ("manage-bde.exe", "-protectors", "-get", letter, "-Type", "RecoveryPassword")
        found = set(_KEY_IN_TEXT.findall(self._done(get, "read the key of", root).out))
        if len(found) != 1:
            raise BitLockerFailed(f"the volume {letter} has {len(found)} numerical passwords, one is expected",
                                  next="format the drive and prepare it again")  # fmt: skip
        return BitLockerKey(found.pop())

    def lock(self, root: Path) -> None:
        """Close the volume even if a file on it is open; but not before it is encrypted to its end."""
        if self._status(root)[1] != "FullyEncrypted":
            raise NotYet(f"the volume {_letter(root)} is not encrypted to its end yet")
        self._done(("manage-bde.exe", "-lock", _letter(root), "-ForceDismount"), "lock", root)

    def unlock(self, root: Path, key: BitLockerKey) -> None:
        """Open the volume; the key goes by standard input."""
        letter = _letter(root)
        script = f"$k = [Console]::In.ReadLine(); $null = Unlock-BitLocker -MountPoint '{letter}' -RecoveryPassword $k"
        self._powershell(script, key.reveal() + "\n", "unlock")

    def _status(self, root: Path) -> tuple[str, str]:
        ask = f"$v = Get-BitLockerVolume -MountPoint '{_letter(root)}'; \"$($v.LockStatus)/$($v.VolumeStatus)\""
        lock, _, volume = self._powershell(ask, "", "look at").out.strip().partition("/")
        return lock, volume

    def _powershell(self, script: str, given: str, what: str) -> Ran:
        return self._check(
            self.run((*POWERSHELL, "-Command", f"$ErrorActionPreference = 'Stop'; {script}"), given), what
        )

    def _done(self, command: Sequence[str], what: str, root: Path) -> Ran:
        return self._check(self.run(command, ""), f"{what} {root}")

    def _check(self, ran: Ran, what: str) -> Ran:
        """Return how the command ended. Its output is never repeated: a key may stand in it."""
        if ran.code:
            raise BitLockerFailed(f"BitLocker could not {what} the drive (exit code {ran.code})",
                                  next="run this elevated, and look at `manage-bde -status`")  # fmt: skip
        return ran


def _letter(root: Path) -> str:
    """Return "E:" for E:\\. Raises BitLockerFailed for anything else, so that no text reaches a command line."""
    text = str(root)
    if not _ROOT.fullmatch(text):
        raise BitLockerFailed(f"{text} is no drive letter", next="give the drive a letter")
    return text[:2].upper()


@dataclass(frozen=True)
class FolderBitLocker:
    """BitLocker of drives that are folders (`FolderDrives`): nothing is really encrypted, but keys are really checked.

    Beside the volume lies `bitlocker.json`: {"schema": "seeding.folder-bitlocker/1", "salt": hex, "hash": hex,
    "locked": bool}, where hash is SHA-256 of salt followed by the key's text in ASCII. Never the key: reading it back
    works only while *keys* has it.
    """

    keys: KeyPlace
    serials: dict[str, str]  # volume path -> serial

    def state(self, root: Path) -> State:
        """Return off, unlocked or locked."""
        facts = self._facts(root)
        return "off" if not facts else "locked" if facts["locked"] else "unlocked"

    def encrypt(self, root: Path, key: BitLockerKey) -> None:
        """Keep a salted hash of the key; an encrypted drive keeps the one it has."""
        if self._facts(root):
            self._check(root, key)
            return
        salt = secrets.token_bytes(16)
        self._keep(root, {"schema": "seeding.folder-bitlocker/1", "salt": salt.hex(), "hash": _hash(salt, key),
                          "locked": False})  # fmt: skip

    def key(self, root: Path) -> BitLockerKey:
        """Return the kept key when it is the one this drive was encrypted with."""
        key = self.keys.get(self.serials[str(root)])
        self._check(root, key)
        return key

    def lock(self, root: Path) -> None:
        """Note that the drive is locked."""
        self._keep(root, self._encrypted(root) | {"locked": True})

    def unlock(self, root: Path, key: BitLockerKey) -> None:
        """Note that the drive is open. Raises BitLockerFailed for a wrong key."""
        self._check(root, key)
        self._keep(root, self._encrypted(root) | {"locked": False})

    def _check(self, root: Path, key: BitLockerKey) -> None:
        facts = self._encrypted(root)
        if not hmac.compare_digest(str(facts["hash"]), _hash(bytes.fromhex(str(facts["salt"])), key)):
            raise BitLockerFailed(f"the key does not open the drive at {root}", next="find the right key")

    def _encrypted(self, root: Path) -> dict[str, object]:
        facts = self._facts(root)
        if not facts:
            raise BitLockerFailed(f"the drive at {root} is not encrypted", next="encrypt it first")
        return facts

    def _facts(self, root: Path) -> dict[str, object]:
        place = root.parent / BITLOCKER_FILE
        return dict(json.loads(place.read_text("utf-8"))) if place.is_file() else {}

    def _keep(self, root: Path, facts: dict[str, object]) -> None:
        write_aside(root.parent / BITLOCKER_FILE, json.dumps(facts, indent=1).encode())


def _hash(salt: bytes, key: BitLockerKey) -> str:
    return hashlib.sha256(salt + key.reveal().encode("ascii")).hexdigest()
