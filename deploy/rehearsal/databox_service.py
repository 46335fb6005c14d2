"""Microsoft.DataBox services around an order: validate it, which devices there are, and what a region offers."""

from __future__ import annotations

from deploy.rehearsal.wire import Route

ROUTES: tuple[Route, ...] = ()
