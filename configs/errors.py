"""What can be wrong in a configuration file, told to the person who wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

ENVIRONMENT = "环境变量"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, in Chinese.

    `file` is the path as it was given, or "环境变量"; `line` counts from 1 (0: no line is to blame).
    `field` is the way to the value, as `offices[renshe].superior`. `value` is what stands there, "" if nothing does.
    `todo` says what to do about it.
    """

    file: str
    line: int
    field: str
    value: str
    reason: str
    todo: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " if self.line else f"{self.file}: "
        what = (
            f"{self.field} = {self.value}: " if self.field and self.value else f"{self.field}: " if self.field else ""
        )
        return f"{where}{what}{self.reason}{f'；{self.todo}' if self.todo else ''}"


class ConfigError(Exception):
    """The configuration cannot be used. `problems`: all that was found, never empty; str() has a line for each."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))
