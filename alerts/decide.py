"""The deciding stage: judged posts become events, events become cases, cases give rise to alerts.

A batch is stored in one transaction, so after a crash anywhere the same records can be handled again: posts that the
ledger already has are passed over, everything else is written under natural keys. Several processes may decide: each
batch leaves a mark for its partitions, and who finds another's mark takes up the events anew.
"""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from alerts.accused import accused_by
from alerts.calendar import WorkCalendar
from alerts.consequences import Desk, News, consequences
from alerts.corrections import apply_corrections
from alerts.ledger import EventFilter, Ledger, Tx
from alerts.ledger.tallies import Tally, pack_words
from alerts.model import Alert, Event, EventPost
from alerts.rules import counted_from, counts_from
from configs.catalog import Catalog
from stream.errors import Conflict
from stream.log import Out, Record
from stream.messages import Judged, decode_judged

Count = Callable[[str, str, int], None]
Marks = dict[str, dict[str, Any]]  # partition -> who decided of it last, and how often it was decided of
MARK = "@decide:"  # what the marks' names begin with, among the cursors


class Assigned(Protocol):
    """See `alerts.events.Assignment`."""

    @property
    def event(self) -> Event: ...
    @property
    def post(self) -> EventPost: ...


class Index(Protocol):
    """The working set of recent events, see `alerts.events.EventIndex`."""

    def assign(self, judged: Sequence[Judged]) -> Sequence[Assigned]: ...
    def restore(self, rows: Iterable[tuple[Event, bytes]]) -> None: ...
    def signature(self, event_id: str) -> bytes: ...


def utc_now() -> datetime:
    return datetime.now(UTC)


def _uncounted(what: str, reason: str, n: int) -> None:
    """Nobody counts."""


class Decider:
    """Handles the records of `posts.judged`.

    Args:
        make_index: makes an empty index; a new one is filled from the ledger at the start and after every failure,
            because the index must never hold what was not stored.
        window: how long an event takes new posts; the same that the index was made with.
        clock: what time it is; given by whoever replays history in simulated time.
        author: who answers for the dispatch tree that is in use; kept with its version.
        count: told of every post that leads to nothing, with the reason, and of what the others led to.
    """

    def __init__(
        self,
        ledger: Ledger,
        catalog: Catalog,
        make_index: Callable[[], Index],
        window: timedelta,
        *,
        clock: Callable[[], datetime] = utc_now,
        count: Count = _uncounted,
        author: str = "",
    ) -> None:
        self._author = author
        self._noted = False
        self._ledger = ledger
        self._catalog = catalog
        self._make_index = make_index
        self._window = window
        self._clock = clock
        self._count = count
        self._calendar = WorkCalendar(catalog.calendar)
        self._index: Index | None = None
        self._forgotten = threading.Event()
        self._name = secrets.token_hex(8)
        self._marks: Marks = {}

    def restore(self) -> None:
        """Take up the events that can still take posts, from the ledger. Happens by itself before the first batch."""
        self._index = self._restored()

    def forget(self) -> None:
        """Others may have decided meanwhile: the next batch takes the events up from the ledger again. Any thread."""
        self._forgotten.set()

    def _restored(self) -> Index:
        index = self._make_index()
        with self._ledger.read() as tx:
            self._marks = tx.meters.cursors(MARK)
            newest = tx.events.find(EventFilter(sort="newest", limit=1))
            if newest:
                recent = tx.events.recent(newest[0].last_seen - self._window)
                index.restore((event, signature) for event, signature in recent if signature)
        return index

    def handle(self, records: Sequence[Record]) -> Sequence[tuple[str, Out]]:
        """Raises Poison when a record is no Judged; publishes nothing."""
        if self._forgotten.is_set():
            self._forgotten.clear()
            self._index = None
        counts: Counter[tuple[str, str]] = Counter()
        fresh = self._fresh([decode_judged(record.value) for record in records], counts)
        if fresh:
            self._decide(fresh, {f"{record.topic}/{record.partition}" for record in records}, counts)
        for (what, reason), n in counts.items():
            self._count(what, reason, n)
        return []

    def _fresh(self, judged: Sequence[Judged], counts: Counter[tuple[str, str]]) -> list[Judged]:
        """Posts that no event has yet, each once, as staff corrected them."""
        wanted: dict[str, Judged] = {}
        for one in judged:
            if one.judgement.set_aside:
                counts["set_aside", one.judgement.set_aside] += 1
            else:
                wanted.setdefault(one.post.id, one)
        with self._ledger.read() as tx:
            known = tx.events.of_posts(list(wanted))
            said = tx.corrections.of_posts(list(wanted)) if tx.corrections.newest_number() else {}
        if known:
            counts["skipped", "already_grouped"] += len(known)
        fresh = [one for post_id, one in wanted.items() if post_id not in known]
        return apply_corrections(self._catalog, fresh, said)

    def _decide(self, fresh: Sequence[Judged], partitions: Collection[str], counts: Counter[tuple[str, str]]) -> None:
        index = self._restored() if self._index is None else self._index
        self._index = None  # until what it is about to learn is stored
        assigned = index.assign(fresh)
        posts = [_with_accused(self._catalog, one.post, judged) for one, judged in zip(assigned, fresh, strict=True)]
        events = {one.event.id: one.event for one in assigned}
        with self._ledger.begin() as tx:
            marks = self._mark(tx, partitions)
            _store(tx, events, posts, index)
            self._note_routes(tx)
            quiet = [_quiet(self._catalog, one) for one in fresh]
            tx.tallies.add([_tally(*one) for one in zip(posts, fresh, quiet, strict=True)])
            self._conclude(tx, list(_news(events, posts, fresh, quiet, counts)), counts)
        self._index, self._marks = index, {**self._marks, **marks}

    def _mark(self, tx: Tx, partitions: Collection[str]) -> Marks:
        """Write down that this process decided of these partitions. Raises Conflict when another one did so since the
        events were taken up: they may have changed, and a post that belongs to one would found another."""
        taken = tx.meters.take_cursors({MARK + one for one in partitions})
        found = {name.removeprefix(MARK): mark for name, mark in taken.items()}
        if any(mark != self._marks.get(one, {}) for one, mark in found.items()):
            raise Conflict("另一个进程处理过同一分区，将从案件库重新读取事件后再处理")
        marks = {one: {"by": self._name, "n": mark.get("n", 0) + 1} for one, mark in found.items()}
        for one, mark in marks.items():
            tx.meters.save_cursor(MARK + one, mark)
        return marks

    def _note_routes(self, tx: Tx) -> None:
        """That this version of the dispatch tree is in use, once a process."""
        if not self._noted:
            tx.routings.note(self._catalog.routes_version, self._catalog.routes_text, self._author, self._clock())
            self._noted = True

    def _conclude(self, tx: Tx, news: Sequence[News], counts: Counter[tuple[str, str]]) -> None:
        desk = Desk(self._catalog, self._calendar, self._clock())
        cases = tx.cases.by_events([one.event.id for one in news])
        least = counted_from(self._catalog.rules)
        counted = [one.event for one in news if one.event.posts >= least]
        posts = tx.events.posts_since({one.id: counts_from(self._catalog.rules, one, desk.now) for one in counted})
        alerts: list[Alert] = []
        for one in news:
            done, its = consequences(desk, tx, one, cases.get(one.event.id), posts.get(one.event.id, []))
            counts["decided", done] += 1
            alerts += its
        tx.alerts.add(alerts)


def _store(tx: Tx, events: dict[str, Event], posts: Sequence[EventPost], index: Index) -> None:
    tx.events.save(list(events.values()), {event_id: _signature(index, event_id) for event_id in events})
    if len(tx.events.link(posts)) != len(posts):
        raise Conflict("同一批信息已由另一个进程归组，将重新读取后再处理")


def _tally(post: EventPost, judged: Judged, why: str) -> Tally:
    """`why`: see `_quiet`."""
    said = judged.judgement
    return Tally(
        post_id=post.post_id,
        at=post.at,
        topic=said.topic if why in ("", "backfill") and said.topic != "none" else "",
        region=said.place.code,
        source=post.source,
        severity=post.severity,
        negative=said.sentiment.key == "neg",
        event_id=post.event_id,
        near_copy=post.near_copy or bool(said.near_copy_of),
        live=not judged.post.backfill,
        words=pack_words(said.keywords),
    )


def _signature(index: Index, event_id: str) -> bytes:
    """Empty for an event that a later post of the same batch has pushed out of the window."""
    try:
        return index.signature(event_id)
    except KeyError:
        return b""


def _with_accused(catalog: Catalog, post: EventPost, judged: Judged) -> EventPost:
    accused = tuple(accused_by(catalog.offices, judged))
    return replace(post, accuses=accused) if accused else post


def _news(
    events: dict[str, Event],
    posts: Sequence[EventPost],
    fresh: Sequence[Judged],
    quiet: Sequence[str],
    counts: Counter[tuple[str, str]],
) -> Iterator[News]:
    """Per event, the posts that may lead to something; the others are counted with the reason."""
    telling: dict[str, list[tuple[Judged, EventPost]]] = {}
    for post, judged, reason in zip(posts, fresh, quiet, strict=True):
        if reason:
            counts["no_case", reason] += 1
        else:
            telling.setdefault(post.event_id, []).append((judged, post))
    for event_id, its in telling.items():
        yield News(events[event_id], tuple(its))


def _quiet(catalog: Catalog, judged: Judged) -> str:
    """Why this post leads to no case and no alert; "" if it may."""
    if judged.post.backfill:
        return "backfill"
    if judged.judgement.topic == "none":
        return "no_public_matter"
    if judged.judgement.intent.key == "praise":
        return "praise"
    place = judged.judgement.place
    return "elsewhere" if place.basis == "text" and not catalog.atlas.is_ours(place.code) else ""
