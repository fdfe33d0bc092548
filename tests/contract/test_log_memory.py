from __future__ import annotations

from collections.abc import Callable

import pytest

from stream.memory import MemoryLog
from tests.contract.log import LogContract


class TestMemoryLog(LogContract):
    @pytest.fixture
    def log(self) -> MemoryLog:
        return MemoryLog()

    @pytest.fixture
    def again(self, log: MemoryLog) -> Callable[[], MemoryLog]:
        return lambda: log
