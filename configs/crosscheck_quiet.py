"""What is wrong between the parts of configs/quiet.yaml."""

from __future__ import annotations

from collections.abc import Iterator

from configs.found import Found, doubled, unknown
from configs.quiet import ALERT_KINDS, Inhibition, Quiet
from configs.yaml_lines import Path_


def quiet_problems(quiet: Quiet) -> Iterator[Found]:
    yield from _kinds(("quiet", "urgent", "kinds"), quiet.urgent.kinds)
    yield from _rounds(quiet)
    yield from _repeats(quiet)
    yield from doubled((("quiet", "inhibit", i, "key"), one.key) for i, one in enumerate(quiet.inhibit))
    for i, one in enumerate(quiet.inhibit):
        yield from _inhibition(one, ("quiet", "inhibit", i))


def _kinds(path: Path_, kinds: tuple[str, ...]) -> Iterator[Found]:
    for i, kind in enumerate(kinds):
        yield from unknown((*path, i), kind, "预警种类", ALERT_KINDS)


def _rounds(quiet: Quiet) -> Iterator[Found]:
    path = ("quiet", "rounds")
    yield from _kinds((*path, "kinds"), quiet.rounds.kinds)
    yield from doubled(((*path, "at", i), at) for i, at in enumerate(quiet.rounds.at))
    for i, kind in enumerate(quiet.rounds.first_at_once):
        if kind not in quiet.rounds.kinds:
            yield Found((*path, "first_at_once", i), kind, "不在 kinds 中，本来就不等", "加到 kinds，或从这里删去")


def _repeats(quiet: Quiet) -> Iterator[Found]:
    for i, one in enumerate(quiet.repeats):
        yield from _kinds(("quiet", "repeats", i, "kinds"), one.kinds)
    places = ((i, n, kind) for i, one in enumerate(quiet.repeats) for n, kind in enumerate(one.kinds))
    yield from doubled((("quiet", "repeats", i, "kinds", n), kind) for i, n, kind in places)


def _inhibition(one: Inhibition, path: Path_) -> Iterator[Found]:
    yield from _kinds((*path, "by"), one.by)
    yield from _kinds((*path, "mutes"), one.mutes)
    for i, kind in enumerate(one.mutes):
        if kind in one.by:
            yield Found((*path, "mutes", i), kind, "同一种预警不能压住自己", "从 by 或 mutes 中删去")
    if set(one.same) == {"office"}:
        why = "只要求同一单位，会压住不相干的事项"
        yield Found((*path, "same"), list(one.same), why, "加上 case、event 或 clock")
