"""A journal on a real PostgreSQL server as an administrator prepares it."""

from __future__ import annotations

import pytest
from postgresql_host import Logins, Server


@pytest.fixture(scope="module")
def server(running_postgresql: Server) -> Server:
    """The PostgreSQL server of this test process."""
    return running_postgresql


@pytest.fixture(scope="module")
def logins(server: Server) -> Logins:
    """A module's own database with its tables and roles, as its owner, a hub and an auditor see it."""
    return server.prepared()
