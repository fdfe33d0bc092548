"""What a person says of a post stands in place of what the model says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from alerts.corrections import Correction, answers, apply_corrections, checked, corrected, is_corrected, place_of
from configs.catalog import City, County, Province
from configs.loader import load_catalog
from stream.errors import MinshengError
from stream.messages import Judged, Judgement, Place, Reason, Scored
from tests.alerts.town import HOUR, NOW, catalog, judged

COUNTIES = (County(code="330106", name="西湖区"), County(code="330109", name="萧山区"))
CITY = City(code="330100", name="杭州市", counties=COUNTIES)
TOWN = catalog(provinces=(Province(code="330000", name="浙江省", cities=(CITY,)),))


def said() -> Judgement:
    """By the model: ecology before housing, in 西湖区, severity 2."""
    return replace(
        judged("p1").judgement,
        topics=(Scored("ecology", 0.6), Scored("wages", 0.3), Scored("none", 0.06)),
        severity=2,
        severity_score=2.1,
        place=Place("330106", "浙江省", "杭州市", "西湖区", basis="source"),
        needs_human=True,
        reasons=(
            Reason("topic:ecology", "灰尘", "text", 0, 2, 0.5),
            Reason("topic:wages", "工钱", "text", 3, 5, 0.3),
            Reason("severity:2", "多次", "text", 6, 8, 0.2),
        ),
    )


def correction(field: Any, value: str, **changes: Any) -> Correction:
    values = {"before": "x", "actor": "wang", "at": NOW, "note": ""}
    return Correction("p1", field, value, **{**values, **changes})


def test_every_field_is_overridden_and_says_by_whom() -> None:
    given = {
        "topic": "wages",
        "topic2": "ecology",
        "office": "renshe",
        "sentiment": "neu",
        "intent": "ask",
        "severity": "4",
        "place": "330109",
    }
    changed = corrected(TOWN, said(), [correction(field, value, note="看过原文") for field, value in given.items()])
    assert answers(changed) == given
    assert changed.severity_score == 4.0
    assert changed.place.label == "杭州市萧山区"
    assert not changed.needs_human
    assert changed.model == said().model
    told = [reason for reason in changed.reasons if reason.rule == "人工改正"]
    assert [reason.answer for reason in told] == [f"{field}:{value}" for field, value in given.items()]
    assert {reason.source for reason in told} == {"wang, 2026-11-25 10:00: 看过原文"}


def test_what_spoke_for_an_answer_that_is_no_longer_given_is_dropped() -> None:
    changed = corrected(TOWN, said(), [correction("topic", "wages"), correction("severity", "3")])
    assert [(one.answer, one.phrase) for one in changed.reasons] == [
        ("topic:wages", ""),
        ("severity:3", ""),
        ("topic:wages", "工钱"),
    ]


def test_the_rest_of_the_judgement_stays() -> None:
    changed = corrected(TOWN, said(), [correction("intent", "ask")])
    assert replace(changed, intent=said().intent, reasons=said().reasons, needs_human=True) == said()


def test_of_one_field_the_newest_holds() -> None:
    first, second = correction("topic", "wages"), correction("topic", "housing", at=NOW + HOUR)
    assert corrected(TOWN, said(), [first, second]).topic == "housing"


def test_applying_again_changes_nothing() -> None:
    given = [correction("topic", "wages"), correction("topic2", "-"), correction("place", "")]
    once = corrected(TOWN, said(), given)
    assert corrected(TOWN, once, given) == once
    assert once.place == Place()
    assert [one.key for one in once.topics] == ["wages"]


def test_no_public_matter_has_no_second_topic() -> None:
    assert corrected(TOWN, said(), [correction("topic", "none")]).topics == (Scored("none", 1.0),)


@pytest.mark.parametrize(
    ("fields", "topics"),
    [
        ({"topic": "housing"}, ["housing", "ecology", "wages", "none"]),
        ({"topic": "wages"}, ["wages", "ecology", "none"]),
        ({"topic2": "housing"}, ["ecology", "housing"]),
        ({"topic2": "-"}, ["ecology"]),
        ({"topic": "housing", "topic2": "wages"}, ["housing", "wages"]),
        ({"topic": "housing", "topic2": "housing"}, ["housing"]),
    ],
)
def test_topics_stand_in_the_order_that_a_person_gave(fields: dict[str, str], topics: list[str]) -> None:
    changed = corrected(TOWN, said(), [correction(field, value) for field, value in fields.items()])
    assert [one.key for one in changed.topics] == topics


def test_posts_without_corrections_stay_as_they_are_and_in_order() -> None:
    posts = [judged("p0"), Judged(judged("p1").post, said()), judged("p2")]
    done = apply_corrections(TOWN, posts, {"p1": [correction("severity", "4")], "p9": [correction("severity", "1")]})
    assert [one.post.id for one in done] == ["p0", "p1", "p2"]
    assert [is_corrected(one.judgement) for one in done] == [False, True, False]
    assert done[0] is posts[0]
    assert done[2] is posts[2]


def test_a_second_topic_counts_from_a_score_on() -> None:
    assert answers(said())["topic2"] == "wages"
    assert answers(replace(said(), topics=(Scored("ecology", 0.9), Scored("wages", 0.08))))["topic2"] == "-"


@pytest.mark.parametrize(
    ("code", "label"),
    [("330109", "杭州市萧山区"), ("330100", "杭州市"), ("330000", "浙江省"), ("", ""), ("990000", "")],
)
def test_a_code_becomes_a_place(code: str, label: str) -> None:
    assert place_of(TOWN, code).label == label


def test_a_place_outside_the_area_may_stand() -> None:
    shipped = load_catalog([])
    assert checked(shipped, {"place": "320106"}) == {"place": "320106"}
    assert place_of(shipped, "320106") == Place("320106", "江苏省", "南京市", "鼓楼区", basis="text")


@pytest.mark.parametrize(
    ("field", "value"),
    [("topic", "weather"), ("topic2", "none"), ("office", ""), ("sentiment", "bad"), ("severity", "5"), ("place", "1")],
)
def test_a_value_that_does_not_exist_is_refused(field: Any, value: str) -> None:
    with pytest.raises(MinshengError, match="没有"):
        checked(TOWN, {field: value})
    assert checked(TOWN, {"topic": "wages", "topic2": "-", "office": "none", "place": ""})


def test_what_a_person_agreed_with_is_kept_too() -> None:
    agreed = correction("severity", "2", before="2", at=NOW + timedelta(days=1))
    changed = corrected(TOWN, said(), [agreed])
    assert changed.severity == 2
    assert [one.phrase for one in changed.reasons if one.answer == "severity:2"] == ["", "多次"]
