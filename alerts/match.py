"""Whether the conditions of a route or a rule hold for what is known of a post and its event."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.model import Event
from configs.catalog import Match, region_within
from stream.messages import Judged, Judgement


@dataclass(frozen=True, slots=True)
class Subject:
    """What conditions are held against; "" where it is not known, which no list of conditions accepts."""

    topic: str
    office: str
    region: str
    severity: int
    text: str
    sources: frozenset[str] = frozenset()
    kind: str = ""
    intent: str = ""
    sentiment: str = ""


def subject_of_event(event: Event, judgement: Judgement | None, text: str) -> Subject:
    """An event as seen through the post that brings it up."""
    return Subject(
        topic=event.topic,
        office=judgement.office.key if judgement else event.office_hint,
        region=event.region,
        severity=event.severity,
        text=text,
        sources=frozenset(event.sources),
        intent=judgement.intent.key if judgement else "",
        sentiment=judgement.sentiment.key if judgement else "",
    )


def subject_of_post(judged: Judged) -> Subject:
    post, judgement = judged.post, judged.judgement
    return Subject(
        topic=judgement.topic,
        office=judgement.office.key,
        region=judgement.place.code,
        severity=judgement.severity,
        text=f"{post.title}\n{post.text}",
        sources=frozenset({post.source}),
        kind=post.kind,
        intent=judgement.intent.key,
        sentiment=judgement.sentiment.key,
    )


def matches(match: Match, subject: Subject) -> bool:
    """Whether all given conditions hold; an empty Match always does."""
    lists = (
        (match.topics, subject.topic),
        (match.offices, subject.office),
        (match.kinds, subject.kind),
        (match.intents, subject.intent),
        (match.sentiments, subject.sentiment),
    )
    return (
        subject.severity >= match.severity_min
        and all(not wanted or value in wanted for wanted, value in lists)
        and (not match.sources or not subject.sources.isdisjoint(match.sources))
        and (not match.regions or any(region_within(subject.region, region) for region in match.regions))
        and (not match.words or found_word(match, subject) != "")
        and not any(word in subject.text for word in match.without)
    )


def found_word(match: Match, subject: Subject) -> str:
    """The first of the words that stands in the text; "" if none does."""
    return next((word for word in match.words if word in subject.text), "")
