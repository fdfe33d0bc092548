from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from stream.log_sqlite import SqliteLog
from tests.contract.log import LogContract


class TestSqliteLog(LogContract):
    @pytest.fixture
    def again(self, tmp_path: Path) -> Iterator[Callable[[], SqliteLog]]:
        with ExitStack() as handles:
            yield lambda: handles.enter_context(closing(SqliteLog(tmp_path / "log.db", poll=0.005)))

    @pytest.fixture
    def log(self, again: Callable[[], SqliteLog]) -> SqliteLog:
        return again()
