"""What all tests share: the real servers, quick passwords and ledgers, patience, and who runs beside whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import Scheduling

pytest_plugins = ["tests.quicker", "tests.servers.fixtures"]

# A loaded machine must not fail a property: examples are checked for what they say, not for how long they take.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


def group_of(nodeid: str) -> str:
    """Which tests stay together in one worker: those of a file, and those of the servers, which then start once."""
    file = nodeid.partition("::")[0]
    return "tests/servers" if file.startswith("tests/servers/") else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """Groups by where a test stands: xdist's own marks are written into node ids, which pytest 9.2 does not let change."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    return ByFile(config, log)
