"""The operator's signing key and the auditor's copy of its public half: Ed25519, PEM files as openssl writes them.

Nothing of a private key's file is ever repeated, in no message and no repr.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from tasks.errors import InvalidInput

LARGEST_BYTES = 16 * 1024
_MAKE = "openssl genpkey -algorithm ed25519 -out KEY; chmod 600 KEY"
_SHOW = "openssl pkey -in KEY -pubout -out PUB"


def signing_key(path: Path) -> Ed25519PrivateKey:
    """Return the private key in *path*. Raises InvalidInput: no such file, no Ed25519 key, or others may read it."""
    text = _content(path, _MAKE)
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise InvalidInput(f"others may read the key {path}; a key is its owner's alone", next=f"chmod 600 {path}")
    try:
        key = load_pem_private_key(text, password=None)
    except TypeError:
        raise InvalidInput(f"the key {path} is locked by a password", next="give one without") from None
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidInput(f"{path} holds no private key in PEM", next=_MAKE) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise InvalidInput(f"the key {path} is not an Ed25519 key", next=_MAKE)
    return key


def checking_key(path: Path) -> Ed25519PublicKey:
    """Return the public key in *path*. Raises InvalidInput: no such file, or no public Ed25519 key."""
    text = _content(path, _SHOW)
    if b"PRIVATE KEY" in text:
        raise InvalidInput(f"{path} is a private key; to check takes the public one only", next=_SHOW)
    try:
        key = load_pem_public_key(text)
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidInput(f"{path} holds no public key in PEM", next=_SHOW) from None
    if not isinstance(key, Ed25519PublicKey):
        raise InvalidInput(f"the key {path} is not an Ed25519 key", next=_SHOW)
    return key


def fingerprint(key: Ed25519PublicKey) -> str:
    """Return `sha256:` and the hash of the key's DER form, as `openssl pkey -pubin -outform DER | sha256sum` has it."""
    plain = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"sha256:{hashlib.sha256(plain).hexdigest()}"


def _content(path: Path, make: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_BYTES)
    except OSError as wrong:
        raise InvalidInput(f"cannot read the key {path}: {wrong.strerror}", next=make) from None
