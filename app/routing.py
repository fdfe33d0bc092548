"""`minsheng route`: where each post would be sent, by what clocks and why; and the versions of the dispatch tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from alerts.clocks import Matter, clocks_for
from alerts.model import Event
from alerts.routes import DISCIPLINE, Decision, decide_route
from configs.catalog import Catalog, Clock

if TYPE_CHECKING:
    from stream.messages import Judged, Post

NONE = "none"  # of the annotation guide: no office


def routing(
    catalog: Catalog, judging: Callable[[Sequence[Post]], Iterable[Judged]]
) -> Callable[[Sequence[Post]], Iterable[dict[str, Any]]]:
    """Posts -> the decision of each, as if it were the first post of its event."""
    return lambda posts: (route_row(catalog, judged) for judged in judging(posts))


def route_row(catalog: Catalog, judged: Judged) -> dict[str, Any]:
    """One decision as the flat object that is written out. Offices are keys, without branches.

    `office` and `helps` are keys of the annotation guide; `sent_to` are the offices that the case goes to, the lead first.
    """
    said, text = judged.judgement, f"{judged.post.title}\n{judged.post.text}"
    event = event_of(judged)
    decision = decide_route(catalog, event, said, text)
    lead, helps = _key(decision.lead), [_key(one) for one in decision.helps]
    office, why = labelled(catalog, lead, decision.never)
    return {
        "id": judged.post.id,
        "office": office,
        "helps": [one for one in helps if one != office and not catalog.office[one].label],
        "never": list(decision.never),
        "sent_to": [lead, *helps],
        "event_grade": said.event_grade,
        "severity": said.severity,
        "clocks": [_clock(one) for one in clocks_of(catalog, judged, decision)],
        "basis": decision.basis,
        "reasons": [*decision.why, *why],
    }


def labelled(catalog: Catalog, key: str, never: Sequence[str]) -> tuple[str, list[str]]:
    """The key of the annotation guide for an office, and the sentence that says so where it is another's. It is never that
    of an accused office: then it is the discipline office's, else none."""
    label = catalog.office[key].label
    if not label:
        return key, []
    free = [one for one in (label, DISCIPLINE) if one == NONE or (one in catalog.office and one not in never)]
    found = next(iter(free), NONE)
    name = "none(没有责任单位)" if found == NONE else f"{found}({catalog.office_name(found)})"
    return found, [f"标注规范没有{catalog.office_name(key)}, office 记为 {name}，实际派往见 sent_to。"]


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
