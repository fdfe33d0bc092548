"""Alerts -> what a mail about them shows, gathered from the ledger, the archive and the catalog."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from alerts.ledger import Tx
from alerts.model import Alert, Case, Event
from alerts.notify.notice import Notice, Quote
from alerts.notify.quotes import quotes_from
from alerts.notify.shield import ArchiveGet, Shield, shield_for, without_accusations
from configs.catalog import Catalog, Route

LOOKED_AT = 12  # posts read per alert to pick the quotes from


def make_notices(tx: Tx, archive_get: ArchiveGet, catalog: Catalog, alerts: Sequence[Alert]) -> list[Notice]:
    """What each alert's office may be shown: posts that accuse the office are left out, see `alerts/notify/shield.py`."""
    names = {source.key: source.name for source in catalog.sources}
    return [_notice(tx, archive_get, catalog, names, alert) for alert in alerts]


def _notice(tx: Tx, archive_get: ArchiveGet, catalog: Catalog, source_names: Mapping[str, str], alert: Alert) -> Notice:
    case = tx.cases.get(alert.case_id) if alert.case_id else None
    event = tx.events.get(alert.event_id) if alert.event_id else None
    found = catalog.topic.get(case.topic if case else event.topic if event else "")
    topic = found.name if found else ""
    shield = shield_for(tx, catalog, alert)
    neutral = _neutral_title(case, event, topic)
    alert, case, event = without_accusations(shield, archive_get, alert, case, event, neutral)
    quotes, withheld = _quotes(tx, archive_get, alert, event, shield, source_names)
    return Notice(
        alert=alert,
        case=case,
        event=event,
        topic=topic,
        lead=catalog.office_name(case.office) if case else "",
        helps=tuple(catalog.office_name(office) for office in case.helps) if case else (),
        basis_source=route_source(catalog.routes, case) if case else "",
        quotes=quotes,
        withheld=withheld,
    )


def _neutral_title(case: Case | None, event: Event | None, topic: str) -> str:
    """Only what the matter is of and where it is."""
    place = (event.place if event else "") or (case.place if case else "")
    return f"{place}{topic or '群众诉求'}类事项"


def _quotes(
    tx: Tx,
    archive_get: ArchiveGet,
    alert: Alert,
    event: Event | None,
    shield: Shield,
    source_names: Mapping[str, str],
) -> tuple[tuple[Quote, ...], bool]:
    """The quotes, and whether there are none because every post that was looked at accuses the office."""
    ids = [*alert.posts, *(event.representatives if event else ())]
    if shield.hidden and event:  # others of the event may take the place of those that are hidden
        linked = (post.post_id for post in tx.events.posts(event.id))
        ids += [post_id for post_id in linked if post_id not in shield.hidden]
    read = [archive_get(post_id) for post_id in list(dict.fromkeys(ids))[:LOOKED_AT]]
    found = [judged for judged in read if judged is not None]
    allowed = [judged for judged in found if shield.allows(judged)]
    quotes = quotes_from(allowed, source_names)
    return quotes, not quotes and (bool(shield.hidden) or len(allowed) < len(found))


def route_source(root: Route, case: Case) -> str:
    """Where the dispatch rule that chose the office comes from; "" if the tree lost it since."""
    return next((source for key, source in _sources(root, "") if key == case.route), "")


def _sources(route: Route, inherited: str) -> Iterator[tuple[str, str]]:
    source = route.source or inherited
    yield route.key, source
    for child in route.routes:
        yield from _sources(child, source)
