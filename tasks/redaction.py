"""Takes secrets out of texts that others wrote, a vendor's error or what a program printed: one list of shapes."""

from __future__ import annotations

import re

# Each pattern keeps what is before the secret, so that a reader still sees what was there.
_SECRETS_IN_TEXT = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(https?://[^\s\"'<>?]+\?)[^\s\"'<>]+",                                         # any query of any URL
        r"((?:^|[?&\s;\"'])(?:sig|sv|se|skoid|code|client_secret|client_assertion)=)[^&\s\"']+",
        r"((?:AccountKey|SharedAccessSignature|SharedAccessKey|Password|Pwd)\s*=\s*)[^;\s\"']+",
        r"(\b(?:Bearer|SharedKey(?:Lite)?)\s+)[A-Za-z0-9._~+/=:-]{8,}",
        r"((?<![A-Za-z0-9_-]))eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*",                 # a JSON web token
        r"([\"']?\w*(?:pass_?key|pass_?word|bit_?locker_?key|client_?secret|secret_?value|access_?token|"
        r"connection_?string|sas_?key)[\"']?\s*(?:[:=]|\bis\b)\s*[\"']?)[^\s\"',;}]+",
        r"((?<!\d))\d{6}(?:-\d{6}){7}(?!\d)",                                             # a BitLocker recovery key
        r"((?<![A-Za-z0-9+/]))[A-Za-z0-9+/]{86}==",                                       # a storage account key
    )
)  # fmt: skip


def redacted(text: str) -> str:
    """Return *text* with tokens, SAS queries, keys, passwords and passkeys replaced by `[hidden]`."""
    for pattern in _SECRETS_IN_TEXT:
        text = pattern.sub(r"\1[hidden]", text)
    return text
