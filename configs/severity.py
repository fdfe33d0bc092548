"""The numbers and words behind the floor of severity, as checked values, with the loader of configs/severity.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from configs.catalog import Severity, Strict
from configs.whole_file import load_whole

FILE = Path(__file__).with_name("severity.yaml")


class GradeRule(Strict):
    """Any one figure reached decides the grade; with `together` all that are given must be. `money`: direct loss in yuan."""

    grade: Literal["一般", "较大", "重大", "特别重大"]
    deaths: int | None = Field(default=None, ge=1)
    serious: int | None = Field(default=None, ge=1)
    injured: int | None = Field(default=None, ge=1)
    sick: int | None = Field(default=None, ge=1)
    together: bool = False
    money: float | None = Field(default=None, gt=0)


class Floor(Strict):
    """A fact of at least this size lifts the severity to at least `severity`."""

    key: str
    fact: Literal["deaths", "injured", "people", "households", "money"]
    at_least: float = Field(gt=0)
    severity: Severity
    rule: str
    source: str
    local: bool = False


class SignRule(Strict):
    """Words that tell of danger without a number lift the severity to at least `severity`."""

    key: str
    words: tuple[Annotated[str, StringConstraints(min_length=2)], ...] = Field(min_length=1)
    severity: Severity
    rule: str
    source: str
    local: bool = True


class Words(Strict):
    """Words that decide whether a number speaks of harm; see the comments in the YAML."""

    death: tuple[str, ...] = Field(min_length=1)
    death_alone: tuple[Annotated[str, StringConstraints(min_length=2)], ...] = ()
    death_told: tuple[Annotated[str, StringConstraints(min_length=2)], ...] = ()
    victims: tuple[str, ...] = ()
    not_people: tuple[str, ...] = ()
    injury: tuple[str, ...] = Field(min_length=1)
    serious: tuple[str, ...] = Field(min_length=1)
    sick: tuple[str, ...] = Field(min_length=1)
    mild: tuple[str, ...] = ()
    treated: tuple[str, ...] = ()
    harm: tuple[str, ...] = Field(min_length=1)
    loss: tuple[str, ...] = Field(min_length=1)
    loss_sure: tuple[str, ...] = ()
    harmless: tuple[str, ...] = Field(min_length=1)
    negation: tuple[str, ...] = Field(min_length=1)
    none: tuple[str, ...] = ()
    supposed: tuple[str, ...] = Field(min_length=1)
    asked: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    drill: tuple[str, ...] = Field(min_length=1)
    cheat: tuple[str, ...] = ()


class SeverityRules(Strict):
    """`grades` from the gravest down; `grade_source` says where they come from."""

    grades: tuple[GradeRule, ...]
    grade_source: str
    floors: tuple[Floor, ...]
    signs: tuple[SignRule, ...] = ()
    words: Words


def load_severity(path: Path = FILE) -> SeverityRules:
    """Raises ConfigError (Chinese, with file, line and field) if the file is missing or wrong."""
    return load_whole(path, SeverityRules)
