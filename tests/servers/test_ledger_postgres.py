"""The ledger's contract on a real PostgreSQL, and what many do to it at once."""

from __future__ import annotations

import pytest

from tests.contract.ledger import LedgerContract
from tests.contract.ledger_races import RacesContract
from tests.servers.fresh import fresh_ledger


class TestPostgresLedger(LedgerContract):
    @pytest.fixture
    def url(self, postgres_url: str) -> str:
        return fresh_ledger(postgres_url)


class TestPostgresRaces(RacesContract):
    @pytest.fixture
    def url(self, postgres_url: str) -> str:
        return fresh_ledger(postgres_url)
