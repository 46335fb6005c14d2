"""What the tests of tasks/azure share."""

from __future__ import annotations

import pytest
from scripted_azure import ScriptedAzure


@pytest.fixture
def azure() -> ScriptedAzure:
    """An Azure that answers what the test scripts."""
    return ScriptedAzure()
