"""Alembic's entry: the steps run on the connection that `upgrade` hands over, in its transaction."""

from __future__ import annotations

from alembic import context

from alerts.ledger.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
