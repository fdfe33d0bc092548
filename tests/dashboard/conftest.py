from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.wire import House
from tests.dashboard.filled import open_empty, open_full

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)  # a Wednesday, 10:00 in Shanghai


@pytest.fixture
def full(tmp_path: Path) -> Iterator[House]:
    house = open_full(tmp_path, NOW)
    yield house
    house.ledger.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[House]:
    house = open_empty(tmp_path, NOW)
    yield house
    house.ledger.close()
