"""BitLocker keys: their form, and the places that keep them. A key is never printed, logged or pickled.

A numerical password is 8 groups of 6 digits; in a real one every group is a multiple of 11. Samples in documents often
are not, so that is a warning and no error.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Literal, NoReturn, Protocol

from tasks.errors import InvalidInput, Rejected
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


Kind = Literal["environment", "prefect-block", "key-vault"]


@dataclass(frozen=True)
class PlaceName:
    """What the inventory says of a place: no secret. `{serial}` in the name stands for the drive's."""

    kind: Kind
    name: str


def place_name(text: str) -> PlaceName:
    """Read `env:NAME`, `prefect-block:NAME` or the https address of a Key Vault. Raises InvalidInput."""
    if text.startswith("env:") and re.fullmatch(r"[A-Za-z_](?:\w|\{serial\})*", text[4:]):
        return PlaceName("environment", text[4:])
    if text.startswith("prefect-block:") and re.fullmatch(r"[a-z0-9](?:[a-z0-9-]|\{serial\})*", text[14:]):
        return PlaceName("prefect-block", text[14:])
    if re.fullmatch(r"https://[a-z0-9-]{3,24}\.vault\.[a-z.]+/?", text):
        return PlaceName("key-vault", text.rstrip("/"))
    raise InvalidInput(
        "the place of the BitLocker keys is not understood",
        next="write env:NAME, prefect-block:name or https://<name>.vault.azure.net; {serial} stands for the drive",
    )


@dataclass(frozen=True)
class EnvironmentKeys:
    """Keys that a person put into environment variables. Read only: nothing is ever written to a file."""

    name: str
    environment: Mapping[str, str]

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
