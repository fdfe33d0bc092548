"""Many rows in one statement, with as little of our own work as each database allows.

A statement with a thousand placeholders takes a driver longer to read than PostgreSQL needs to carry it out. So a list
goes over as one value (an array; to SQLite, JSON), and rows go to PostgreSQL as one JSON text that it takes apart
itself. To SQLite they go row by row, which its driver does in C.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Select,
    String,
    Table,
    Text,
    any_,
    bindparam,
    cast,
    column,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from alerts.ledger.columns import Utc, insert_in, utc
from alerts.ledger.engine import dump_json

NUL = "\\u0000"  # as JSON writes it; a text may also hold these six characters themselves
Insert = sqlite.Insert | postgresql.Insert
Rows = Sequence[Mapping[str, Any]]


def one_of(dialect: str, one: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether the text column is in the list that is bound as `name`."""
    if dialect == "postgresql":
        return one == any_(bindparam(name, type_=postgresql.ARRAY(String)))
    listed = func.json_each(bindparam(name, type_=JSON)).table_valued("value")
    return one.in_(select(listed.c.value))


def add_rows(conn: Connection, table: Table, rows: Rows) -> list[str]:
    """Create those that do not exist yet, by primary key (one text column); returns the new ones' keys.

    Rows are written in the order of their keys: two processes that write the same ones wait, but never for each other.
    """
    (key,) = (one.name for one in table.primary_key)
    wanted = {row[key]: row for row in reversed(rows)}
    if conn.dialect.name == "sqlite":  # nobody else writes meanwhile, so looking first is as good, and far quicker
        there = set(conn.execute(_there(conn.dialect.name, table, key), {"keys": list(wanted)}).scalars())
        new = [one for one in sorted(wanted) if one not in there]
        _write(conn, _note(conn.dialect.name, table, key), table, [wanted[one] for one in new])
        return new
    rows = _as_text([wanted[one] for one in sorted(wanted)])
    return list(conn.execute(_add(conn.dialect.name, table, key), rows).scalars())


def note_rows(conn: Connection, table: Table, rows: Rows) -> None:
    """As `add_rows`, but does not tell which ones are new: a third of the time."""
    (key,) = (one.name for one in table.primary_key)
    wanted = {row[key]: row for row in reversed(rows)}
    _write(conn, _note(conn.dialect.name, table, key), table, [wanted[one] for one in sorted(wanted)])


def put_rows(conn: Connection, table: Table, rows: Rows) -> None:
    """Create or replace by primary key (one text column); of two rows with the same key the last one stays."""
    (key,) = (one.name for one in table.primary_key)
    wanted = {row[key]: row for row in rows}
    _write(conn, _put(conn.dialect.name, table, key), table, [wanted[one] for one in sorted(wanted)])


def _write(conn: Connection, statement: Insert, table: Table, rows: Rows) -> None:
    if conn.dialect.name != "sqlite":
        conn.execute(statement, _as_text(rows))
    elif rows:
        conn.exec_driver_sql(_sql(statement), _as_values(table, rows))


@cache
def _sql(statement: Insert) -> str:
    """For SQLite, with a place for each column of the table, in their order."""
    return str(statement.compile(dialect=sqlite.dialect(paramstyle="qmark")))


def _as_values(table: Table, rows: Rows) -> list[tuple[Any, ...]]:
    """As SQLite keeps them; a column at a time, which takes half the time of SQLAlchemy's way, a value at a time."""
    columns = []
    for one in table.c:
        values: Any = [row[one.name] for row in rows]
        if form := _FORMS.get(type(one.type)):
            values = map(form, values)
        columns.append(values)
    return list(zip(*columns, strict=True))


@lru_cache(maxsize=1 << 12)  # a post's time stands in four places
def _instant(value: datetime | None) -> str | None:
    """As SQLAlchemy writes one into SQLite."""
    return None if value is None else utc(value).replace(tzinfo=None).isoformat(" ", "microseconds")


_FORMS: Mapping[type, Callable[[Any], Any]] = {JSON: dump_json, Utc: _instant}


@cache
def _there(dialect: str, table: Table, key: str) -> Select[Any]:
    return select(table.c[key]).where(one_of(dialect, table.c[key], "keys"))


@cache
def _add(dialect: str, table: Table, key: str) -> ReturningInsert[Any]:
    """Built once: building a statement takes longer than running it."""
    return _insert(dialect, table).on_conflict_do_nothing(index_elements=[key]).returning(table.c[key])


@cache
def _note(dialect: str, table: Table, key: str) -> Insert:
    return _insert(dialect, table).on_conflict_do_nothing(index_elements=[key])


@cache
def _put(dialect: str, table: Table, key: str) -> Insert:
    insert = _insert(dialect, table)
    changes = {one.name: insert.excluded[one.name] for one in table.c if one.name != key}
    return insert.on_conflict_do_update(index_elements=[key], set_=changes)


def _insert(dialect: str, table: Table) -> Insert:
    insert = insert_in(dialect, table)
    if dialect != "postgresql":
        return insert
    given = func.json_to_recordset(cast(bindparam("rows", type_=Text), JSON))
    names = [column(one.name, one.type) for one in table.c]
    taken = given.table_valued(*names, name="r").render_derived(name="r", with_types=True)
    return insert.from_select([one.name for one in table.c], select(*taken.c))


def _as_text(rows: Rows) -> Any:
    given = _dump(rows)
    return {"rows": _dump(without_nul(rows)) if NUL in given else given}


def _dump(rows: Any) -> str:
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"), default=_in_json)


def without_nul(value: Any) -> Any:
    """The same without the one character that PostgreSQL has no form for."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, Mapping):
        return {without_nul(key): without_nul(one) for key, one in value.items()}
    return [without_nul(one) for one in value] if isinstance(value, list | tuple) else value


def _in_json(value: Any) -> str:
    """What JSON has no form for, as PostgreSQL reads it."""
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    if isinstance(value, datetime):
        return utc(value).isoformat()
    raise TypeError(f"no form in the ledger for a {type(value).__name__}")
