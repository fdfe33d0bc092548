"""What each figure of the week counts, in Chinese, for the people who quote it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

import yaml


@dataclass(frozen=True, slots=True)
class Definition:
    """`denominator` is "" for a plain count."""

    key: str
    name: str
    numerator: str
    denominator: str = ""
    note: str = ""


def load_definitions() -> tuple[Definition, ...]:
    text = files("reports").joinpath("definitions.yaml").read_text(encoding="utf-8")
    return tuple(Definition(**entry) for entry in yaml.safe_load(text))
