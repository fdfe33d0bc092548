"""What this machine lacks to run the servers, with the package to install."""

from __future__ import annotations

from stream.errors import MinshengError


class Missing(MinshengError):
    """Something is not installed here; the text names it and the package that brings it."""
