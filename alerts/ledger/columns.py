"""What all tables share: instants that compare alike in both databases, create-if-absent, region ranges."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from functools import cache
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, DateTime, Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeDecorator


def utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"datetime without a timezone: {value!r}")
    return value.astimezone(UTC)


class Utc(TypeDecorator[datetime]):
    """An instant: `timestamptz` in PostgreSQL, fixed-width UTC text in SQLite. Comes back timezone-aware in UTC.

    A naive datetime is refused: nobody could say which instant it means.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        instant = utc(value)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def insert_for(conn: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT of this database that understands ON CONFLICT."""
    return insert_in(conn.dialect.name, table)


def insert_in(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def within_region(column: ColumnElement[Any], region: str) -> ColumnElement[bool]:
    """`configs.catalog.region_within` as SQL; digits only, so every collation orders it alike."""
    stem = re.sub(r"(00){1,2}$", "", region)
    return column.between(stem.ljust(6, "0"), stem.ljust(6, "9"))


def contains_any(columns: Sequence[ColumnElement[Any]], text: str) -> ColumnElement[bool]:
    """Whether the text stands in any of the columns (case ignored, % and _ taken as they are)."""
    first, *rest = [column.icontains(text, autoescape=True) for column in columns]
    for condition in rest:
        first = first | condition
    return first


@cache
def names_of(model: type) -> tuple[str, ...]:
    """The names of a dataclass's fields, in order."""
    return tuple(item.name for item in fields(model))


@cache
def values_of(model: type) -> Callable[[Any], tuple[Any, ...]]:
    """Reads the values of a dataclass's fields off one, in order."""
    return attrgetter(*names_of(model))
