"""A loaded machine must not fail a property: examples are checked for what they say, not for how long they take."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("steady", deadline=None)
settings.load_profile("steady")
