"""An empty PostgreSQL database of its own for each test."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """The address of a new database on the server that `server` leads to; gone afterwards, whoever is still in it."""
    name = f"ledger_{secrets.token_hex(4)}"
    run(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        run(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def run(url: str, statement: str | sql.Composed, *values: Any) -> list[tuple[Any, ...]]:
    """One statement on a connection of its own, committed; the rows it gave."""
    with psycopg.connect(url, autocommit=True) as conn:
        found = conn.execute(statement, values)
        return found.fetchall() if found.description else []
