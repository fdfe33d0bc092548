"""Rows that go to SQLite past SQLAlchemy lie there as SQLAlchemy would have written them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Float, Integer, LargeBinary, MetaData, String, Table, select

from alerts.ledger.columns import Utc
from alerts.ledger.engine import connect, parse
from alerts.ledger.rows import add_rows, note_rows, put_rows

NOON = datetime(2026, 11, 25, 12, 0, 0, 7, tzinfo=timezone(timedelta(hours=8)))
THINGS = Table(
    "things",
    MetaData(),
    Column("id", String, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("until", Utc),
    Column("data", JSON, nullable=False),
    Column("flag", Boolean, nullable=False),
    Column("n", Integer, nullable=False),
    Column("share", Float, nullable=False),
    Column("raw", LargeBinary, nullable=False),
)


def thing(key: str, n: int = 1) -> dict[str, Any]:
    data = {"词": ["甲", "乙"], "n": n}
    return {"n": n, "id": key, "at": NOON, "until": None, "data": data, "flag": True, "share": 0.5, "raw": b"\0\1"}


def test_rows_are_written_as_sqlalchemy_writes_them(tmp_path: Path) -> None:
    engine = connect(parse(f"sqlite:///{tmp_path / 'ledger.db'}"), 1)
    with engine.begin() as conn:
        THINGS.create(conn)
        put_rows(conn, THINGS, [thing("ours")])
        note_rows(conn, THINGS, [thing("noted")])
        assert add_rows(conn, THINGS, [thing("added"), thing("ours", 2), thing("added", 3)]) == ["added"]
        conn.execute(THINGS.insert(), [thing("theirs")])
        plain = [tuple(row)[1:] for row in conn.exec_driver_sql("SELECT * FROM things")]
        kept = conn.execute(select(THINGS).where(THINGS.c.id == "ours")).one()
    engine.dispose()
    assert len(plain) == 4
    assert len(set(plain)) == 1
    assert kept.at == NOON.astimezone(UTC)
    assert kept.data == {"词": ["甲", "乙"], "n": 1}
    assert kept.flag is True


def test_a_later_row_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    engine = connect(parse(f"sqlite:///{tmp_path / 'ledger.db'}"), 1)
    with engine.begin() as conn:
        THINGS.create(conn)
        put_rows(conn, THINGS, [thing("a"), thing("a", 2), thing("b")])
        put_rows(conn, THINGS, [thing("b", 5)])
        note_rows(conn, THINGS, [thing("a", 9)])
        note_rows(conn, THINGS, [])
        found = {row.id: row.n for row in conn.execute(select(THINGS.c.id, THINGS.c.n))}
    engine.dispose()
    assert found == {"a": 2, "b": 5}
