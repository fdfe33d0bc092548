"""The ledger's contract on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.ledger import LedgerContract
from tests.servers.fresh import fresh_database


class TestPostgresLedger(LedgerContract):
    @pytest.fixture
    def url(self, postgres_url: str) -> Iterator[str]:
        with fresh_database(postgres_url) as url:
            yield url
