"""One spider per kind of source. A spider only reads: selectors to `Found`; see `crawlers/__init__.py` for the rest."""
