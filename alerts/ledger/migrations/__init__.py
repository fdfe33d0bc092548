"""The steps that build the ledger's tables, run by Alembic on the connection it is given."""
