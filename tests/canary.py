"""Looks for secrets in whatever was written or said, in every spelling that software gives a text on its way.

It does not find a secret that was encrypted, compressed, hashed, or cut into pieces.
"""

from __future__ import annotations

import base64
import json
import re
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, quote_plus

# What is a secret by its shape, whoever made it.
SHAPES = {
    "a BitLocker key": rb"(?<![\d-])\d{6}(?:-\d{6}){7}(?![\d-])",
    "a signature in a link": rb"[?&;\"\s]sig=[A-Za-z0-9%/+=]{20,}",
    "a bearer token": rb"eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    "a storage account key": rb"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{86}==",
    "a private key": rb"-----BEGIN [A-Z ]*PRIVATE KEY-----",
}


def spellings(secret: str) -> dict[str, bytes]:
    """Return the secret as plain text, UTF-16, Base64 wherever it begins in a longer text, hex, of URLs, and JSON."""
    plain, wide = secret.encode("utf-8"), secret.encode("utf-16-le")
    found = {"plain": plain, "utf-16-le": wide, "utf-16-be": secret.encode("utf-16-be"), "hex": plain.hex().encode()}
    for name, text in (("base64", plain), ("base64 of utf-16", wide)):
        for before in range(3):
            found[f"{name}, {before}"] = _middle(text, before)
            found[f"url-safe {name}, {before}"] = _middle(text, before).translate(bytes.maketrans(b"+/", b"-_"))
    found["url"], found["form"] = quote(secret, safe="").encode(), quote_plus(secret).encode()
    found["json"], found["reversed"] = json.dumps(secret)[1:-1].encode(), plain[::-1]
    found["repr"] = repr(secret)[1:-1].encode()
    return {name: text for name, text in found.items() if len(text) >= 8}


def _middle(text: bytes, before: int) -> bytes:
    """The Base64 of *text* that is the same whatever follows it, and whatever *before* bytes stand in front of it."""
    whole = len(text) - (len(text) + before) % 3
    encoded = base64.b64encode(b"\0" * before + text[:whole])
    return encoded[(0, 2, 3)[before] :]


def found(secrets: Mapping[str, str], texts: Mapping[str, bytes], shapes: Iterable[str] = tuple(SHAPES)) -> list[str]:
    """Return "where: which secret, spelled how" for each that any of the texts holds; never the secret itself."""
    told = [
        f"{where}: {name}, {spelling}"
        for name, secret in secrets.items()
        for spelling, wanted in spellings(secret).items()
        for where, text in texts.items()
        if wanted in text or (spelling == "hex" and wanted.upper() in text)
    ]
    patterns = {shape: re.compile(SHAPES[shape]) for shape in shapes}
    told += [f"{where}: {shape}" for where, text in texts.items() for shape, p in patterns.items() if p.search(text)]
    return sorted(told)


def contents(*folders: Path, but: Iterable[Path] = ()) -> dict[str, bytes]:
    """Return every file below the folders, by its path; a database also row by row, as its pages may split a text."""
    away = tuple(but)
    files = [
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and not any(path.is_relative_to(one) for one in away)
    ]
    found = {str(path): path.read_bytes() for path in files}
    for path, text in list(found.items()):
        if text.startswith(b"SQLite format 3\0"):
            found[f"{path}, its rows"] = _rows(Path(path))
    return found


def _rows(path: Path) -> bytes:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        database.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
        return "\n".join(database.iterdump()).encode("utf-8", "surrogateescape")
