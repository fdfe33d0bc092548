"""What several command-line tests stand on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.wire import House, open_house
from tests.alerts.mailing import make_action, make_case, make_event


@pytest.fixture
def house_with_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A house with one case; commands that read the environment find the same one."""
    for name in [name for name in os.environ if name.startswith("MINSHENG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MINSHENG_DATA", str(tmp_path))
    with closing(open_house(os.environ)) as house:
        with house.ledger.begin() as tx:
            tx.events.save([make_event()], {})
            tx.cases.open(make_case(), make_action(make_case()))
        yield house
