from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.ledger_races import RacesContract


class TestSqliteRaces(RacesContract):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'ledger.db'}"
