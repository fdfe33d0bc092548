"""The word lists that staff may edit, as checked values, with the loader of configs/lexicon.yaml."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from configs.catalog import Key, Strict
from configs.whole_file import load_whole

FILE = Path(__file__).with_name("lexicon.yaml")


class PlaceWords(Strict):
    """What keeps names from being taken for places; see the comments in the YAML."""

    not_places: tuple[str, ...] = ()
    not_before: tuple[str, ...] = ()
    shared_counties: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    only_after_city: tuple[str, ...] = ()
    origin_before: tuple[str, ...] = ()
    origin_after: tuple[str, ...] = ()
    no_origin: tuple[str, ...] = ()


class Sign(Strict):
    """Words that speak for an advert, or against it (weight below 0); they count when found `at_least` times."""

    key: Key
    rule: str
    weight: float
    words: tuple[Annotated[str, StringConstraints(min_length=2)], ...] = Field(min_length=1)
    at_least: int = Field(default=1, ge=1)


class Adverts(Strict):
    """A post whose signs add up to `threshold` is an advert; one that is nothing but a template says nothing.

    A sign counts its weight, and 1 more when two different words of it are found (not one that speaks against).
    """

    threshold: float = Field(gt=0)
    signs: tuple[Sign, ...] = Field(min_length=1)
    templates: tuple[str, ...] = ()


class Lexicon(Strict):
    stop_words: tuple[str, ...] = ()
    places: PlaceWords = PlaceWords()
    adverts: Adverts


@cache
def load_lexicon(path: Path = FILE) -> Lexicon:
    """Raises ConfigError (Chinese, with file, line and field) if the file is missing or wrong."""
    return load_whole(path, Lexicon)
