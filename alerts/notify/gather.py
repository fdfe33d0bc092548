"""Alerts -> what a mail about them shows, gathered from the ledger, the archive and the catalog."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from alerts.ledger import Tx
from alerts.model import Alert, Case, Event
from alerts.notify.notice import Notice, Quote
from alerts.notify.quotes import quotes_from
from configs.catalog import Catalog, Route
from stream.messages import Judged

LOOKED_AT = 12  # posts read per alert to pick the quotes from
ArchiveGet = Callable[[str], Judged | None]


def make_notices(tx: Tx, archive_get: ArchiveGet, catalog: Catalog, alerts: Sequence[Alert]) -> list[Notice]:
    names = {source.key: source.name for source in catalog.sources}
    return [_notice(tx, archive_get, catalog, names, alert) for alert in alerts]


def _notice(tx: Tx, archive_get: ArchiveGet, catalog: Catalog, source_names: Mapping[str, str], alert: Alert) -> Notice:
    case = tx.cases.get(alert.case_id) if alert.case_id else None
    event = tx.events.get(alert.event_id) if alert.event_id else None
    topic = catalog.topic.get(case.topic if case else event.topic if event else "")
    return Notice(
        alert=alert,
        case=case,
        event=event,
        topic=topic.name if topic else "",
        lead=catalog.office_name(case.office) if case else "",
        helps=tuple(catalog.office_name(office) for office in case.helps) if case else (),
        basis_source=route_source(catalog.routes, case) if case else "",
        quotes=_quotes(archive_get, alert, event, source_names),
    )


def _quotes(
    archive_get: ArchiveGet, alert: Alert, event: Event | None, source_names: Mapping[str, str]
) -> tuple[Quote, ...]:
    ids = dict.fromkeys((*alert.posts, *(event.representatives if event else ())))
    found = (archive_get(post_id) for post_id in list(ids)[:LOOKED_AT])
    return quotes_from([judged for judged in found if judged is not None], source_names)


def route_source(root: Route, case: Case) -> str:
    """Where the dispatch rule that chose the office comes from; "" if the tree lost it since."""
    return next((source for key, source in _sources(root, "") if key == case.route), "")


def _sources(route: Route, inherited: str) -> Iterator[tuple[str, str]]:
    source = route.source or inherited
    yield route.key, source
    for child in route.routes:
        yield from _sources(child, source)
