"""Runs the migrations. Apart from `alerts.ledger` because Alembic is slow to import and mostly not needed."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(conn: Connection) -> None:
    """Run every step that is missing, inside the connection's transaction."""
    config = alembic_config()
    config.attributes["connection"] = conn
    command.upgrade(config, "head")
