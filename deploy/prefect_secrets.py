"""Prefect's Secret blocks as a store of secrets: read when asked, from the server of this process, and never kept."""

from __future__ import annotations

import re
from typing import cast

from tasks.errors import InvalidInput, Rejected, Transient


class PrefectSecrets:
    """The Secret blocks of the Prefect server, as `tasks.office.disks.Secrets`. Imports Prefect at its first use."""

    def read(self, name: str) -> str:
        """Return a block's text, or "" when there is no such block. Raises Transient without a server."""
        import httpx
        from prefect.blocks.system import Secret
        from prefect.exceptions import ObjectNotFound

        try:
            block = cast(Secret[str], Secret.load(name, _sync=True))  # type: ignore[call-arg]
        except ValueError as missing:
            if isinstance(missing.__cause__, ObjectNotFound):
                return ""
            raise InvalidInput(f"the Prefect block {name} cannot be read", next="make it anew as a Secret") from None
        except httpx.HTTPError as error:
            raise _no_answer("read", name, error) from None
        text = block.value.get_secret_value()  # `get` would take digits for a number
        return text if isinstance(text, str) else str(text)

    def keep(self, name: str, text: str) -> None:
        """Make a new block. Raises Rejected when the name is taken, Transient without a server."""
        import httpx
        from prefect.blocks.system import Secret
        from pydantic import SecretStr

        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
            raise InvalidInput(f"{name} is no name of a Prefect block", next="use a-z, 0-9 and hyphens")
        try:
            Secret(value=SecretStr(text)).save(name, overwrite=False, _sync=True)  # type: ignore[call-arg]
        except ValueError:
            raise Rejected(f"the Prefect block {name} exists already", next="look who made it") from None
        except httpx.HTTPError as error:
            raise _no_answer("make", name, error) from None


def _no_answer(what: str, name: str, error: Exception) -> Transient:
    return Transient(f"cannot {what} the Prefect block {name}: {type(error).__name__}",
                     next="look whether the Prefect server runs and PREFECT_API_URL names it")  # fmt: skip
