"""Reads the archive and the ledger for one week's figures, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from alerts.ledger import AlertFilter, CaseFilter, Ledger, Tx
from alerts.model import Action, Case, Event
from configs.catalog import Catalog
from reports.detail import Span, span_of
from reports.figures import weekly
from reports.week import Week
from stream.archive import Archive, Query
from stream.messages import Judged

PAGE = 500
ALL = 1_000_000  # alerts of one week


def gather_week(
    archive: Archive, ledger: Ledger, catalog: Catalog, week_start: date, now: datetime, *, demo: bool = False
) -> Week:
    """The figures of the week that begins on this Monday. Raises ValueError when the day is no Monday."""
    span = span_of(week_start, now)
    ids = [judged.post.id for judged in _posts(archive, span)]
    with ledger.read() as tx:
        links, events = _events(tx, ids)
        cases = _cases(tx, span, now)
        return weekly(
            week_start,
            _posts(archive, span),
            events,
            cases,
            _actions(tx, cases),
            tx.alerts.find(AlertFilter(since=span.start, until=span.end, limit=ALL)),
            tx.meters.source_health(),
            now,
            catalog=catalog,
            links=links,
            meters=tx.meters.totals(span.start, span.end),
            demo=demo,
        )


def _posts(archive: Archive, span: Span) -> Iterator[Judged]:
    query = Query(since=span.last, until=span.end, set_aside=None, sort="oldest", limit=PAGE)
    while True:
        page = archive.search(query)
        yield from (hit.judged for hit in page.hits)
        if not page.next:
            return
        query = replace(query, after=page.next)


def _events(tx: Tx, post_ids: Sequence[str]) -> tuple[Mapping[str, str], Iterable[Event]]:
    """post id -> event id, an event that was taken over replaced by the one that has it now; and those events."""
    links = tx.events.of_posts(post_ids)
    heirs: dict[str, str] = {}
    events: dict[str, Event] = {}
    for event_id in dict.fromkeys(links.values()):
        event = _heir(tx, event_id)
        if event is not None:
            heirs[event_id], events[event.id] = event.id, event
    return {post: heirs[event] for post, event in links.items() if event in heirs}, events.values()


def _heir(tx: Tx, event_id: str) -> Event | None:
    seen: set[str] = set()
    event = tx.events.get(event_id)
    while event is not None and event.merged_into and event.id not in seen:
        seen.add(event.id)
        event = tx.events.get(event.merged_into)
    return event


def _cases(tx: Tx, span: Span, now: datetime) -> list[Case]:
    """Open now, or with a line of history since the week before began: so all that were open in either week."""
    found: dict[str, Case] = {}
    wanted = CaseFilter(open=True, opened_until=span.end, sort="newest", limit=PAGE)
    while page := tx.cases.find(wanted):
        found.update((case.id, case) for case in page)
        wanted = replace(wanted, offset=wanted.offset + PAGE)
    touched = {action.case_id for action in tx.cases.actions_between(span.last, max(now, span.end))}
    others = (tx.cases.get(case_id) for case_id in sorted(touched - found.keys()))
    found.update((case.id, case) for case in others if case is not None)
    return list(found.values())


def _actions(tx: Tx, cases: Iterable[Case]) -> Iterator[Action]:
    for case in cases:
        yield from tx.cases.actions(case.id)
