"""What is no case for anyone: adverts and spam. A complaint about an advert is a complaint, and stays.

Signs of configs/lexicon.yaml add up, and speak of the rule that counted; see `Adverts` in configs/lexicon.py.
"""

from __future__ import annotations

from stream.messages import Judgement, Post, Reason


def look(post: Post, judgement: Judgement | None = None) -> tuple[str, tuple[Reason, ...]]:
    """("advert" or "template", the signs that said so), or ("", ())."""
    return "", ()
