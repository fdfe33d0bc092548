"""What all tests share: the real servers, quick passwords and ledgers, patience, and who runs beside whom."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.quicker", "tests.servers.fixtures"]

# A loaded machine must not fail a property: examples are checked for what they say, not for how long they take.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With several workers the tests of a file stay together, and those of the servers too, which then start once."""
    for item in items:
        folder, _, file = item.nodeid.partition("::")[0].rpartition("/")
        item.add_marker(pytest.mark.xdist_group("servers" if folder == "tests/servers" else file))
