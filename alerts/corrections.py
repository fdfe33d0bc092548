"""What staff say of a post in place of the model. It overrides at once, and no later judgement overrides it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, get_args

from alerts.moments import moment
from configs.catalog import Catalog
from stream.errors import MinshengError
from stream.messages import Judged, Judgement, Place, Reason, Scored

Field = Literal["topic", "topic2", "office", "sentiment", "intent", "severity", "place"]
FIELDS: tuple[Field, ...] = get_args(Field)
NOTHING = "-"  # no second topic, as the labelled files write it
RULE = "人工改正"  # what the reason of a corrected answer says, and how such a reason is known
SENTIMENTS = ("neg", "neu", "pos")
INTENTS = ("complaint", "help", "ask", "suggest", "report", "praise", "other")
SECOND = 0.25  # from this score on the model's second topic counts as one that it gave
_FIRST = 9.0  # the weight of the reason: it stands before all others


@dataclass(frozen=True, slots=True)
class Correction:
    """One answer about one post as a person gave it. Append-only: of one post and field the newest holds.

    `value`: a key of the catalogue, "1" to "4" of severity, a division code or "" (not known) of place. `before` is what
    stood there; the same as `value` where the person looked and agreed.
    """

    post_id: str
    field: Field
    value: str
    before: str
    actor: str
    at: datetime
    note: str = ""


def answers(judgement: Judgement) -> dict[Field, str]:
    """What a judgement says, field by field, in the form of a correction's value."""
    second = next((one.key for one in judgement.topics[1:2] if one.score >= SECOND), NOTHING)
    return {
        "topic": judgement.topic,
        "topic2": second,
        "office": judgement.office.key,
        "sentiment": judgement.sentiment.key,
        "intent": judgement.intent.key,
        "severity": str(judgement.severity),
        "place": judgement.place.code,
    }


def newest(corrections: Iterable[Correction]) -> dict[Field, Correction]:
    """The one that holds of each field, of the corrections of one post, oldest first."""
    return {one.field: one for one in corrections}


def apply_corrections(
    catalog: Catalog, judged: Sequence[Judged], corrections: Mapping[str, Sequence[Correction]]
) -> list[Judged]:
    """The judged posts, in order, with what staff said of them in place of what the model says; doing so again changes nothing.

    Args:
        corrections: post id -> its corrections, oldest first; a post without any stays as it is.
    """
    return [
        replace(one, judgement=corrected(catalog, one.judgement, corrections[one.post.id]))
        if corrections.get(one.post.id)
        else one
        for one in judged
    ]


def corrected(catalog: Catalog, judgement: Judgement, corrections: Sequence[Correction]) -> Judgement:
    """One judgement with the corrections of its post, oldest first. A person has looked at it, so none needs to any more."""
    held = newest(corrections)
    changed = replace(judgement, needs_human=False, topics=_topics(judgement, held))
    for field in ("office", "sentiment", "intent"):
        if field in held:
            changed = replace(changed, **{field: Scored(held[field].value, 1.0)})  # type: ignore[arg-type]
    if "severity" in held:
        level = int(held["severity"].value)
        changed = replace(changed, severity=level, severity_score=float(level))
    if "place" in held:
        changed = replace(changed, place=place_of(catalog, held["place"].value))
    return replace(changed, reasons=(*map(_reason, held.values()), *_still_good(changed, held)))


def is_corrected(judgement: Judgement) -> bool:
    return any(reason.rule == RULE for reason in judgement.reasons)


def place_of(catalog: Catalog, code: str) -> Place:
    """A division as a place of a post, also one outside the configured area; an unknown code, and "", are no place."""
    names = catalog.atlas.names.get(code)
    return Place(code, *names, basis="text") if names else Place()


def checked(catalog: Catalog, changes: Mapping[Field, str]) -> dict[Field, str]:
    """The same values. Raises MinshengError (Chinese) for one that does not exist."""
    allowed: Mapping[Field, Iterable[str]] = {
        "topic": catalog.topic,
        "topic2": {*catalog.topic, NOTHING} - {"none"},
        "office": {*catalog.office, "none"},
        "sentiment": SENTIMENTS,
        "intent": INTENTS,
        "severity": ("1", "2", "3", "4"),
        "place": {*catalog.atlas.names, ""},
    }
    for field, value in changes.items():
        if value not in set(allowed[field]):
            raise MinshengError(f"改正 {field}: 没有“{value}”这个取值，请在列出的取值中选择")
    return dict(changes)


def _topics(judgement: Judgement, held: Mapping[Field, Correction]) -> tuple[Scored, ...]:
    """Best first. Where a person named the second topic, or said that there is none, no other stands beside the first."""
    first = Scored(held["topic"].value, 1.0) if "topic" in held else judgement.topics[0]
    if first.key == "none" and "topic" in held:
        return (first,)
    if "topic2" in held:
        second = held["topic2"].value
        return (first,) if second in (NOTHING, first.key) else (first, Scored(second, 1.0))
    return (first, *(one for one in judgement.topics if one.key != first.key))


def _reason(correction: Correction) -> Reason:
    """Who said so and when, in place of the phrases that spoke for the model's answer."""
    when = moment(correction.at)
    note = f": {correction.note}" if correction.note else ""
    source = f"{correction.actor}, {when}{note}"
    return Reason(f"{correction.field}:{correction.value}", "", rule=RULE, source=source, weight=_FIRST)


def _still_good(judgement: Judgement, held: Mapping[Field, Correction]) -> list[Reason]:
    """The reasons but for answers that are no longer given; `judgement` has the corrected answers already."""
    given: dict[str, set[str]] = {field: {one.value} for field, one in held.items()}
    if "topic" in given or "topic2" in given:
        given["topic"] = {judgement.topic, *given.get("topic2", ())}
    return [one for one in judgement.reasons if one.rule != RULE and _speaks_for(one.answer, given)]


def _speaks_for(answer: str, given: Mapping[str, set[str]]) -> bool:
    kind, _, key = answer.partition(":")
    return kind not in given or key in given[kind]
