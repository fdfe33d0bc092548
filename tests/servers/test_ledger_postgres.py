"""The ledger's contract on a real PostgreSQL, and what many do to it at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.ledger import LedgerContract
from tests.contract.ledger_races import RacesContract
from tests.servers.fresh import fresh_database


@pytest.fixture
def url(postgres_url: str) -> Iterator[str]:
    with fresh_database(postgres_url) as url:
        yield url


class TestPostgresLedger(LedgerContract):
    @pytest.fixture
    def url(self, postgres_url: str) -> Iterator[str]:
        with fresh_database(postgres_url) as url:
            yield url


class TestPostgresRaces(RacesContract):
    @pytest.fixture
    def url(self, postgres_url: str) -> Iterator[str]:
        with fresh_database(postgres_url) as url:
            yield url
