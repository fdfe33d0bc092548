from __future__ import annotations

import pytest

from stream.memory import MemoryArchive
from tests.contract.archive import ArchiveContract


class TestMemoryArchive(ArchiveContract):
    @pytest.fixture
    def archive(self) -> MemoryArchive:
        return MemoryArchive()
