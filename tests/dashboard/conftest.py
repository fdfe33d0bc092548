from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.wire import House
from tests.dashboard.filled import open_empty, open_full

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)  # a Wednesday, 10:00 in Shanghai


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """Streamlit's runner puts its script in the place of __main__, and leaves it there for whoever starts a process next."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before


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
