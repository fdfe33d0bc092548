"""A problem between the parts of a catalogue, and the two that every part can have: unknown names and doubled ones."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from configs.reasons import suggest
from configs.yaml_lines import Path_


class Found(NamedTuple):
    """A problem before it has a file and line: `path` leads to it in the Catalog."""

    path: Path_
    value: object
    reason: str
    todo: str


def unknown(path: Path_, value: str, what: str, known: Collection[str], where: str = "") -> Iterator[Found]:
    """`where`: the file in which more of them can be added; "" where `known` is all there can be."""
    if value not in known:
        otherwise = f"改为已有的，或先在 {where} 中添加" if where else f"只能是 {'、'.join(known)}"
        yield Found(path, value, f"没有这个{what}", suggest(value, known, otherwise))


def doubled(items: Iterable[tuple[Path_, str]]) -> Iterator[Found]:
    seen: set[str] = set()
    for path, value in items:
        if value in seen:
            yield Found(path, value, "与前面的重复", "改名或删去其中一个")
        seen.add(value)
