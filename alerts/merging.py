"""Staff say that two events are one, or that posts of an event are another one. It sticks, and grouping learns from it.

Both events are counted anew from their posts, and new signatures written, so that posts to come find them as they are
now. Whoever decides takes its events up from the ledger again, since the marks of all partitions move on
(`alerts/decide.py`). The posts of an event that was taken over belong to the other one from then on; its case, while
open, becomes a duplicate of the other's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.cases import act
from alerts.decide import MARK
from alerts.events import event_id
from alerts.grouping_features import load_background, read_grams
from alerts.grouping_match import context_of
from alerts.grouping_signature import pack
from alerts.grouping_unit import MEMBERS, Member, Taken, Unit, add, phrase_of, post_key
from alerts.heat import shanghai_day
from alerts.ledger import Ledger, Tx
from alerts.ledger.regroupings import Regrouping
from alerts.model import Case, Event, EventPost
from stream.archive import Archive, read_judged
from stream.errors import Conflict, MinshengError
from stream.messages import Judged

MOST = 5000  # posts of an event that are counted anew
STAFF = "staff"  # who moved the marks on


@dataclass(frozen=True, slots=True)
class _Side:
    """An event as it is, with its posts, oldest first, and its case."""

    event: Event
    links: tuple[EventPost, ...]
    case: Case | None

    @property
    def post_ids(self) -> list[str]:
        return [link.post_id for link in self.links]


def merge(ledger: Ledger, archive: Archive, kept: str, gone: str, actor: str, note: str, now: datetime) -> Event:
    """The event `kept` takes over `gone`; returns it as it is then.

    An event with a case takes over one without, one with an open case one whose case is closed, whichever way round it
    was asked for: what is being worked on goes on. Raises MinshengError (Chinese)
    when that cannot be, Conflict when the events changed meanwhile.
    """
    reason = _needed(note)
    if kept == gone:
        raise MinshengError("不能把事件并入它自己")
    with ledger.read() as tx:
        one, other = _side(tx, kept), _side(tx, gone)
    if _stands(one) < _stands(other):
        one, other = other, one
    links = sorted((*one.links, *other.links), key=lambda link: (link.at, link.post_id))
    shown = [post for pair in _in_turn(one.event.representatives, other.event.representatives) for post in pair]
    event, signature = _counted(one.event, links, read_judged(archive, [link.post_id for link in links]), shown)
    with ledger.begin() as tx:
        _move_marks_on(tx)
        _refuse_changed(tx, one, other)
        tx.events.save([event], {event.id: signature})
        tx.events.move(other.post_ids, event.id)
        tx.events.take_over(other.event.id, event.id)
        said = Regrouping("merge", event.id, other.event.id, tuple(other.post_ids), actor, now, reason)
        tx.regroupings.add(said)
        _join_cases(tx, one, other, actor, reason, now)
        tx.audit.add(now, actor, "event.merge", event.id, f"并入 {other.event.id}（{len(other.links)} 条）。{reason}")
    return event


def split(
    ledger: Ledger, archive: Archive, whole: str, posts: Iterable[str], actor: str, note: str, now: datetime
) -> Event:
    """Posts of an event become one of their own; returns it. The case stays with the rest. Raises as `merge` does."""
    reason, wanted = _needed(note), set(posts)
    with ledger.read() as tx:
        side = _side(tx, whole)
        out = [link for link in side.links if link.post_id in wanted]
        rest = [link for link in side.links if link.post_id not in wanted]
        _refuse_odd(whole, wanted, out, rest)
        name = _free_name(tx, out)
    judged = read_judged(archive, side.post_ids)
    shown = side.event.representatives
    founded, its_signature = _counted(replace(side.event, id=name), out, judged, shown)
    event, signature = _counted(side.event, rest, judged, shown)
    moved = [link.post_id for link in out]
    with ledger.begin() as tx:
        _move_marks_on(tx)
        _refuse_changed(tx, side)
        tx.events.save([event, founded], {event.id: signature, founded.id: its_signature})
        tx.events.move(moved, founded.id)
        tx.regroupings.add(Regrouping("split", event.id, founded.id, tuple(moved), actor, now, reason))
        _note_split(tx, side.case, founded, moved, actor, reason, now)
        tx.audit.add(now, actor, "event.split", event.id, f"拆出 {founded.id}（{len(moved)} 条）。{reason}")
    return founded


def taught(tx: Tx) -> dict[str, str]:
    """post id -> event id of every event that staff had a hand in: what `grouping_train` learns from."""
    names = {name for one in tx.regroupings.all() for name in (one.event_id, one.other_id)}
    return {link.post_id: name for name in sorted(names) for link in tx.events.posts(name, MOST)}


def _stands(side: _Side) -> int:
    return 0 if side.case is None else 1 + side.case.is_open


def _side(tx: Tx, name: str) -> _Side:
    event = tx.events.get(name)
    if event is None:
        raise MinshengError(f"没有事件“{name}”，请核对编号")
    if event.merged_into:
        raise MinshengError(f"事件 {name} 已并入 {event.merged_into}，请对后者操作")
    links = tx.events.posts(name, MOST + 1)
    if len(links) > MOST:
        raise MinshengError(f"事件 {name} 有 {len(links) - 1} 条以上的信息，太大，不能人工归并或拆分")
    return _Side(event, tuple(reversed(links)), tx.cases.by_event(name))


def _refuse_odd(name: str, wanted: set[str], out: Sequence[EventPost], rest: Sequence[EventPost]) -> None:
    if not wanted:
        raise MinshengError("请选择要拆出的信息")
    if missing := sorted(wanted - {link.post_id for link in out}):
        raise MinshengError(f"信息 {'、'.join(missing[:5])} 不属于事件 {name}，请核对编号")
    if not rest:
        raise MinshengError("不能把全部信息都拆出去，至少要留下一条")


def _refuse_changed(tx: Tx, *sides: _Side) -> None:
    for side in sides:
        now = _side(tx, side.event.id)
        if now.post_ids != side.post_ids or now.case != side.case:
            raise Conflict("事件刚有更新，请刷新后再操作")


def _free_name(tx: Tx, links: Sequence[EventPost]) -> str:
    """Of the first post whose event does not exist yet; all may have founded one that was merged."""
    names = [event_id(link.post_id) for link in links]
    more = (f"{names[0]}.{number}" for number in range(2, 1000))
    return next(name for name in (*names, *more) if tx.events.get(name) is None)


def _counted(
    event: Event, links: Sequence[EventPost], judged: Mapping[str, Judged], shown: Sequence[str]
) -> tuple[Event, bytes]:
    """The event counted anew from its posts, and its signature. `shown`: posts that stand for it before others."""
    unit = Unit(event.id, links[0].at, links[-1].at)
    for link in links:
        if link.post_id in judged:
            unit.count(judged[link.post_id], link.at)
        else:
            _count_link(unit, link)
        unit.remember(Taken(post_key(link.post_id), round(100 * link.similarity), link.near_copy))
    standing = _standing(links, judged, shown)
    unit.members = [_member(one, len(standing) - place) for place, one in enumerate(standing)]
    fresh = unit.event()
    if not standing:  # none of its posts is kept any more: what was known of them stays
        same = {name: getattr(event, name) for name in ("title", "topic", "office_hint", "region", "place", "keywords")}
        fresh = replace(fresh, **same)
    return fresh, pack(unit, read_grams(standing, load_background()))


def _count_link(unit: Unit, link: EventPost) -> None:
    """A post of which only this is left."""
    unit.posts += 1
    unit.first_seen, unit.last_seen = min(unit.first_seen, link.at), max(unit.last_seen, link.at)
    unit.severity = max(unit.severity, link.severity)
    add(unit.sources, link.source)
    add(unit.daily, shanghai_day(link.at).isoformat())


def _standing(links: Sequence[EventPost], judged: Mapping[str, Judged], shown: Sequence[str]) -> list[Judged]:
    ids = [link.post_id for link in links]
    originals = [link.post_id for link in links if not link.near_copy]
    wanted = dict.fromkeys([*(one for one in shown if one in set(ids)), *originals, *ids])
    return [judged[one] for one in wanted if one in judged][:MEMBERS]


def _member(judged: Judged, support: int) -> Member:
    context = context_of(judged, load_background())
    return Member(-1, judged.post.id, phrase_of(judged), judged.judgement.severity, context, 100 * support)


def _in_turn(first: Sequence[str], second: Sequence[str]) -> list[tuple[str, ...]]:
    longest = max(len(first), len(second))
    return [(*first[n : n + 1], *second[n : n + 1]) for n in range(longest)]


def _move_marks_on(tx: Tx) -> None:
    """So that whoever decides takes up the events as they are now, see `Decider`."""
    names = {MARK + name for name in tx.meters.cursors(MARK)}
    for name, mark in (tx.meters.take_cursors(names) if names else {}).items():
        tx.meters.save_cursor(name, {"by": STAFF, "n": mark.get("n", 0) + 1})


def _join_cases(tx: Tx, kept: _Side, gone: _Side, actor: str, note: str, now: datetime) -> None:
    if kept.case is None or gone.case is None:
        return
    if gone.case.is_open:
        why = f"事件并入案件 {kept.case.number}。{note}"
        tx.cases.save(*act(gone.case, "duplicate", actor, now, why, {"number": kept.case.number}))
    why = f"并入案件 {gone.case.number} 的事件（{len(gone.links)} 条信息）。{note}"
    tx.cases.save(*act(kept.case, "note", actor, now, why, {"event": gone.event.id}))


def _note_split(
    tx: Tx, case: Case | None, founded: Event, posts: Sequence[str], actor: str, note: str, now: datetime
) -> None:
    if case:
        why = f"{len(posts)} 条信息经人工认定与本案无关，拆为另一事件。{note}"
        tx.cases.save(*act(case, "note", actor, now, why, {"event": founded.id}))


def _needed(note: str) -> str:
    if not note.strip():
        raise MinshengError("请写明理由")
    return note.strip()
