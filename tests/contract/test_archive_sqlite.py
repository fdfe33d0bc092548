from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from stream.archive_sqlite import SqliteArchive
from tests.contract.archive import ArchiveContract


class TestSqliteArchive(ArchiveContract):
    @pytest.fixture
    def archive(self, tmp_path: Path) -> Iterator[SqliteArchive]:
        with closing(SqliteArchive(tmp_path / "archive.db")) as archive:
            yield archive
