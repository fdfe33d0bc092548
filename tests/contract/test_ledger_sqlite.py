from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.ledger import LedgerContract


class TestSqliteLedger(LedgerContract):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'ledger.db'}"
