"""BitLocker keys: their form, and the places that keep them. A key is never printed, logged or pickled.

A numerical password is 8 groups of 6 digits; in a real one every group is a multiple of 11. Samples in documents often
are not, so that is a warning and no error.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import NoReturn, Protocol

from tasks.errors import Rejected
from tasks.office.disks.faults import KeyInvalid, KeyMissing

_FORM = re.compile(r"\d{6}(?:-\d{6}){7}")


class BitLockerKey:
    """A numerical password. `reveal` gives the text to the one call that needs it."""

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        """Take *text*, 8 groups of 6 digits with hyphens. Raises KeyInvalid, which does not repeat it."""
        text = text.strip()
        if not _FORM.fullmatch(text):
            raise KeyInvalid(
                f"a BitLocker key is 8 groups of 6 digits with hyphens; this text has {len(text)} characters",
                next="copy the key again, the whole of it",
            )
        self.__text = text

    def reveal(self) -> str:
        """Return the key itself. Do not keep it."""
        return self.__text

    @property
    def warning(self) -> str:
        """What is odd about the key, or ""."""
        odd = sum(int(group) % 11 != 0 or int(group) // 11 >= 1 << 16 for group in self.__text.split("-"))
        return f"{odd} of 8 groups are no multiple of 11: it was mistyped, or comes from a sample" if odd else ""

    def __repr__(self) -> str:
        return "BitLockerKey(hidden)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BitLockerKey) and hmac.compare_digest(self.__text, other.reveal())

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> NoReturn:
        raise TypeError("a BitLocker key is not written anywhere")


def new_key() -> BitLockerKey:
    """Return a new random key of the real form: 8 groups of 16 random bits, times 11."""
    return BitLockerKey("-".join(f"{secrets.randbelow(1 << 16) * 11:06d}" for _ in range(8)))


class KeyPlace(Protocol):
    """Where the keys of an office's drives are kept. Reading one is a fact for the run's journal; the key is not."""

    def get(self, serial: str) -> BitLockerKey:
        """Return the key of a drive. Raises KeyMissing."""

    def put(self, serial: str, key: BitLockerKey) -> None:
        """Keep a key durably. The same key again is fine; raises Rejected when the place keeps none or another."""


@dataclass(frozen=True)
class EnvironmentKeys:
    """Keys that a person put into environment variables. Read only: nothing is ever written to a file."""

    name: str
    environment: Mapping[str, str] = field(repr=False)

    def get(self, serial: str) -> BitLockerKey:
        """Return the key of a drive. Raises KeyMissing and KeyInvalid."""
        variable = self.variable(serial)
        text = self.environment.get(variable, "")
        if not text:
            raise KeyMissing(f"the environment variable {variable} is not set", next=f"set it to the key of {serial}")
        return BitLockerKey(text)

    def put(self, serial: str, key: BitLockerKey) -> None:
        """Accept the key that is there already. Raises Rejected for any other."""
        if self.environment.get(self.variable(serial), "").strip() != key.reveal():
            raise Rejected(
                f"a new key cannot be kept in the environment variable {self.variable(serial)}",
                next="set the variable to a key of your own first, or name a Key Vault or a Prefect block",
            )

    def variable(self, serial: str) -> str:
        """Return the variable's name for a drive."""
        return self.name.replace("{serial}", re.sub(r"\W", "_", serial))


class Secrets(Protocol):
    """A store of texts by name: a Key Vault, Prefect's secret blocks. Names have letters, digits and hyphens."""

    def read(self, name: str) -> str:
        """Return a text, or "" when there is none of that name. Raises NotAllowed and Transient."""

    def keep(self, name: str, text: str) -> None:
        """Keep a text under a name that is free. Raises Rejected, NotAllowed and Transient, none with the text."""


@dataclass(frozen=True)
class StoredKeys:
    """Keys in a store of secrets; `{serial}` in *name* stands for the drive's. A new key is kept there by us."""

    name: str
    store: Secrets

    def get(self, serial: str) -> BitLockerKey:
        """Return the key of a drive. Raises KeyMissing, KeyInvalid, and what the store raises."""
        text = self.store.read(self.secret(serial))
        if not text:
            raise KeyMissing(f"there is no secret {self.secret(serial)} for drive {serial}",
                             next="put the drive's key there; a drive without it cannot be read")  # fmt: skip
        return BitLockerKey(text)

    def put(self, serial: str, key: BitLockerKey) -> None:
        """Keep a key. Raises Rejected when another one is there, and what the store raises."""
        name = self.secret(serial)
        there = self.store.read(name)
        if there and BitLockerKey(there) != key:
            raise Rejected(f"another BitLocker key is kept in the secret {name}", next="find out which one is right")
        if not there:
            self.store.keep(name, key.reveal())

    def secret(self, serial: str) -> str:
        """Return the secret's name for a drive."""
        return self.name.replace("{serial}", re.sub(r"[^0-9a-z]", "-", serial.lower()))


@dataclass(frozen=True)
class ToldKeys:
    """A place of keys that tells *about_to_read* the serial before each reading, so that the reading is on record."""

    keys: KeyPlace
    about_to_read: Callable[[str], None]

    def get(self, serial: str) -> BitLockerKey:
        """Tell it, then return the key of a drive. Raises what the place raises."""
        self.about_to_read(serial)
        return self.keys.get(serial)

    def put(self, serial: str, key: BitLockerKey) -> None:
        """Keep a key, as the place does."""
        self.keys.put(serial, key)


class MemoryKeys:
    """Keys of a rehearsal or a test: gone when the process ends."""

    def __init__(self, kept: MutableMapping[str, BitLockerKey] | None = None) -> None:
        self._kept: MutableMapping[str, BitLockerKey] = {} if kept is None else kept

    def get(self, serial: str) -> BitLockerKey:
        """Return the key of a drive. Raises KeyMissing."""
        try:
            return self._kept[serial]
        except KeyError:
            raise KeyMissing(
                f"no BitLocker key is kept for drive {serial}",
                next="a drive without its key cannot be read at the datacenter: format and prepare it again",
            ) from None

    def put(self, serial: str, key: BitLockerKey) -> None:
        """Keep a key. Raises Rejected when another one is kept for that drive."""
        if self._kept.setdefault(serial, key) != key:
            raise Rejected(f"another BitLocker key is kept for drive {serial}", next="find out which one is right")

    def __repr__(self) -> str:
        return f"MemoryKeys({len(self._kept)} hidden)"
