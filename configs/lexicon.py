"""The word lists that staff may edit, as checked values, with the loader of configs/lexicon.yaml."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, Field, ValidationError

from configs.catalog import Strict

FILE = Path(__file__).with_name("lexicon.yaml")


def _is_pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"正则表达式有误: {error}") from error
    return value


Pattern = Annotated[str, AfterValidator(_is_pattern)]


class PlaceWords(Strict):
    """What keeps names from being taken for places of ours; see the comments in the YAML."""

    not_places: tuple[str, ...] = ()
    not_before: tuple[str, ...] = ()
    shared_counties: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()


class Sign(Strict):
    """A pattern that speaks for an advert (or against it, with a weight below 0). Counted once per post."""

    key: str
    rule: str
    weight: float
    pattern: Pattern


class Adverts(Strict):
    """Signs add up; a post is set aside as `kind` when one kind's sum reaches `threshold`."""

    threshold: float = Field(gt=0)
    source: str
    advert: tuple[Sign, ...] = ()
    template: tuple[Sign, ...] = ()
    spared: tuple[Sign, ...] = ()


class Lexicon(Strict):
    stop_words: tuple[str, ...] = ()
    places: PlaceWords = PlaceWords()
    adverts: Adverts | None = None


Kind = Literal["advert", "template"]


@cache
def load_lexicon(path: Path = FILE) -> Lexicon:
    """Raises ValueError (Chinese, with file and field) if the file is missing or wrong."""
    try:
        return Lexicon.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ValueError(f"{path}: 读不到词表, 请恢复该文件") from error
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: 不是有效的 YAML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{path}: 字段 {where}: {first['msg']} (现为 {first.get('input')!r}), 请改正") from error
