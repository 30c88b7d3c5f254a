"""What playing a path needs: the journey of tests/workflows, under a fixed key."""

import pytest

from likeness.temporal.keyring import KeyRing
from tests.replay.archive import RECORDING_KEY
from tests.workflows.conftest import client, journey, scenario

__all__ = ["client", "journey", "key_ring", "scenario"]


@pytest.fixture
def key_ring() -> KeyRing:
    return RECORDING_KEY
