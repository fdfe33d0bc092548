"""How far a long piece of work has come: a bar on a terminal, else a line now and then, or nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import click

LINE_EVERY = 30.0  # seconds between two lines


class Progress(Protocol):
    def show(self, done: int, total: int) -> None: ...

    def wait(self, why: str) -> None:
        """It stands still, and why."""
        ...


class Silent:
    def show(self, done: int, total: int) -> None:
        """Nobody wants to know."""

    def wait(self, why: str) -> None:
        """Nobody wants to know."""


class Lines:
    """A line at the start and every `LINE_EVERY` seconds; `say` gets each, `clock` gives seconds."""

    def __init__(self, what: str, say: Callable[[str], object], clock: Callable[[], float] = time.monotonic) -> None:
        self._what, self._say, self._clock = what, say, clock
        self._first: tuple[int, float] | None = None
        self._next = 0.0

    def show(self, done: int, total: int) -> None:
        now = self._clock()
        first, since = self._first = self._first or (done, now)
        if now < self._next:
            return
        self._next = now + LINE_EVERY
        rate = (done - first) / (now - since) if now > since else 0.0
        self._say(f"{self._what} {done:,} / {total:,} 条" + (_speed(rate, total - done) if rate else ""))

    def wait(self, why: str) -> None:
        if self._clock() >= self._next:
            self._next = self._clock() + LINE_EVERY
            self._say(why)


class Bar:
    """`bar` is rich's, with one task whose fields are `rate` and `note`."""

    def __init__(self, bar: Any, what: str) -> None:
        self._bar = bar
        self._task = bar.add_task(what, total=None, rate="", note="")

    def show(self, done: int, total: int) -> None:
        speed = self._bar.tasks[0].speed
        self._bar.update(self._task, completed=done, total=total, rate=f"{speed:,.0f} 条/秒" if speed else "", note="")

    def wait(self, why: str) -> None:
        self._bar.update(self._task, note=why)


@contextmanager
def showing(what: str, *, quiet: bool = False) -> Iterator[Progress]:
    """On standard error, so that standard output holds the results alone."""
    if quiet:
        yield Silent()
    elif not sys.stderr.isatty():
        yield Lines(what, lambda line: click.echo(line, err=True))
    else:
        with _rich() as bar:
            yield Bar(bar, what)


def _rich() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    return Progress(*columns, console=Console(stderr=True))


def _speed(rate: float, left: int) -> str:
    seconds = round(left / rate)
    return f"，{rate:,.0f} 条/秒，约剩 {seconds // 60} 分 {seconds % 60} 秒"
