"""`minsheng route`: where each post would be sent, by what clocks and why; and the versions of the dispatch tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from alerts.clocks import Matter, clocks_for
from alerts.model import Event
from alerts.routes import Decision, decide_route
from configs.catalog import Catalog, Clock

if TYPE_CHECKING:
    from stream.messages import Judged, Post


def routing(
    catalog: Catalog, judging: Callable[[Sequence[Post]], Iterable[Judged]]
) -> Callable[[Sequence[Post]], Iterable[dict[str, Any]]]:
    """Posts -> the decision of each, as if it were the first post of its event."""
    return lambda posts: (route_row(catalog, judged) for judged in judging(posts))


def route_row(catalog: Catalog, judged: Judged) -> dict[str, Any]:
    """One decision as the flat object that is written out. Offices are keys, without branches."""
    said, text = judged.judgement, f"{judged.post.title}\n{judged.post.text}"
    event = event_of(judged)
    decision = decide_route(catalog, event, said, text)
    return {
        "id": judged.post.id,
        "office": _key(decision.lead),
        "helps": [_key(one) for one in decision.helps],
        "never": list(decision.never),
        "event_grade": said.event_grade,
        "severity": said.severity,
        "clocks": [_clock(one) for one in clocks_of(catalog, judged, decision)],
        "basis": decision.basis,
        "reasons": list(decision.why),
    }


def event_of(judged: Judged) -> Event:
    """The event that the post alone would make."""
    post, said = judged.post, judged.judgement
    return Event(
        id=post.id,
        title=post.title,
        topic=said.topic,
        office_hint=said.office.key,
        region=said.place.code or post.region,
        place=said.place.label,
        first_seen=post.published_at,
        last_seen=post.published_at,
        posts=1,
        severity=said.severity,
        severity_score=said.severity_score,
        sentiment_neg=int(said.sentiment.key == "neg"),
        heat=0.0,
        trend=0.0,
        sources={post.source: 1},
        keywords=said.keywords,
        event_grade=said.event_grade,
    )


def clocks_of(catalog: Catalog, judged: Judged, decision: Decision) -> list[Clock]:
    """The clocks that would start with the case, in the order they are shown."""
    said = judged.judgement
    matter = Matter(said.event_grade, said.severity, said.intent.key, said.topic, _key(decision.lead))
    return clocks_for(catalog, matter, decision.clocks)


def _clock(clock: Clock) -> dict[str, Any]:
    limit = {"hours": clock.hours} if clock.hours is not None else {"working_days": clock.working_days}
    return {"name": clock.name, **limit, "source": clock.source}


def _key(office_id: str) -> str:
    return office_id.partition("@")[0]
