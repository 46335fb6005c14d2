"""Finds what must not stand in an inventory: keys, passwords and tokens, also in comments.

It knows the shapes of the secrets of this trade and the names people keep secrets under. It does not catch a password
that looks like a word under a harmless name; the message for the unknown key is then the only guard.
"""

from __future__ import annotations

import re

# What it is, a text it cannot do without (looked for first, because it is quick), and its shape.
_SHAPES = (
    ("a storage account key", "==", r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{86}=="),
    ("a connection string", "=", r"(?i)\b(?:AccountKey|SharedAccessKey|SharedAccessSignature)\s*=\s*[^;\s]{8}"),
    ("a shared access signature (SAS)", "=", r"(?i)\bsig=[A-Za-z0-9%+/]{20,}"),
    ("a BitLocker recovery key", "-", r"(?<!\d)(?:\d{6}-){7}\d{6}(?!\d)"),
    ("a client secret of Entra ID", "Q~", r"(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}"),
    ("a private key", "-----BEGIN", r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    ("a token", "eyJ", r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}"),
    ("a Prefect API key", "pn", r"\bpn[ub]_[A-Za-z0-9]{30,}"),
    ("an address with a password in it", "://", r"(?i)\b[a-z][a-z0-9+.-]*://[^\s:/@]+:[^\s/@{$%]+@"),
    ("a password", "=", r"(?i)\b(?:password|passwd|passphrase|passkey|pwd|secret|api[_-]?key)\s*=\s*[^\s{$%<]"),
)
_SHAPE = tuple((what, needle, re.compile(pattern)) for what, needle, pattern in _SHAPES)
_KEY_NAME = re.compile(
    r"(?i)pass(?:word|wd|key|phrase)|\bpwd\b|secret|token|(?:account|access|api|recovery|bitlocker|encryption|shared|private)"
    r"[-_ ]?key|(?:^|[-_])sas(?:$|[-_])|bitlocker|connection[-_ ]?string"
)
_OPTION = re.compile(r"(?i)[-/]{1,2}(?:p|pass(?:word|wd|key|phrase)?|pwd|secret|token|sas|api-?key)")
_REFERENCE = re.compile(r"(?:_env|_block|_variable)$")

NEXT = (
    "take it out of the file, treat it as leaked and replace it; name an environment variable instead, "
    "for example `client_secret_env: AZURE_CLIENT_SECRET`"
)


def looks_secret(text: str) -> str:
    """Return what kind of secret *text* holds ("a storage account key"), or "" when it shows none."""
    return next((what for what, needle, shape in _SHAPE if needle in text and shape.search(text)), "")


def names_a_secret(key: str) -> bool:
    """Say whether people keep secrets under a key of that name; `…_env` and `…_block` only refer to one."""
    return bool(_KEY_NAME.search(key)) and not _REFERENCE.search(key)


def takes_a_secret(option: str) -> bool:
    """Say whether *option* is a command line's option that a password follows (`--password`)."""
    return bool(_OPTION.fullmatch(option))
