"""改正研判: at once in the archive, with history and audit; the case is told and not moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from alerts.corrections import answers, is_corrected
from alerts.ledger import AlertFilter
from app.wire import House
from dashboard import correcting, data
from dashboard.correcting import PostDetail
from dashboard.data import CaseDetail
from stream.archive import Query
from stream.errors import Conflict, MinshengError, Unavailable
from stream.messages import Judged
from tests.dashboard.filled import case_of, desk_of


def detail_of(house: House, post_id: str) -> PostDetail:
    detail = correcting.post_detail(desk_of(house), post_id)
    assert detail is not None
    return detail


def correct(house: House, post_id: str, note: str = "看过原文", agreed: bool = False, **given: str) -> None:
    detail = detail_of(house, post_id)
    form: dict[Any, str] = answers(detail.judged.judgement) | given
    correcting.correct(desk_of(house), detail, form, "duty", note, agreed=agreed)


def case_detail(house: House, key: str) -> CaseDetail:
    detail = data.case_detail(desk_of(house), case_of(house.ledger, key).id)
    assert detail is not None
    return detail


def test_a_correction_is_in_the_archive_at_once(full: House) -> None:
    correct(full, "noise-0", topic="municipal", topic2="ecology", severity="3", place="330109")
    found = full.archive.get("noise-0")
    assert found is not None
    assert is_corrected(found.judgement)
    assert answers(found.judgement)["topic2"] == "ecology"
    assert full.archive.search(Query(topics=("municipal",), region="330109", severity_min=3)).total == 1
    detail = detail_of(full, "noise-0")
    assert [(one.field, one.before, one.value, one.actor, one.note) for one in detail.corrections] == [
        ("topic", "ecology", "municipal", "duty", "看过原文"),
        ("topic2", "-", "ecology", "duty", "看过原文"),
        ("severity", "2", "3", "duty", "看过原文"),
        ("place", "330106", "330109", "duty", "看过原文"),
    ]


def test_it_is_audited_in_words(full: House) -> None:
    correct(full, "noise-0", sentiment="neu", note="只是询问")
    entry = data.audit_tail(desk_of(full), 1)[0]
    assert (entry.what, entry.actor, entry.target) == ("post.correct", "duty", "noise-0")
    assert entry.detail == "情感 负面 → 中性；只是询问"


def test_what_was_looked_at_and_is_right_is_kept_too(full: House) -> None:
    correct(full, "noise-0", note="", agreed=True)
    said = detail_of(full, "noise-0").corrections
    assert len(said) == 7
    assert all(one.value == one.before for one in said)
    assert "严重程度 较重 无误" in data.audit_tail(desk_of(full), 1)[0].detail


def test_a_change_needs_a_reason_and_no_change_is_told(full: House) -> None:
    with pytest.raises(MinshengError, match="理由"):
        correct(full, "noise-0", note=" ", topic="municipal")
    with pytest.raises(MinshengError, match="没有改动"):
        correct(full, "noise-0")
    with pytest.raises(MinshengError, match="没有"):
        correct(full, "noise-0", topic="weather")
    assert detail_of(full, "noise-0").corrections == ()


def test_the_second_of_two_who_correct_at_once_is_told(full: House) -> None:
    detail = detail_of(full, "noise-0")
    correct(full, "noise-0", topic="municipal")
    form: dict[Any, str] = answers(detail.judged.judgement) | {"topic": "housing"}
    with pytest.raises(Conflict):
        correcting.correct(desk_of(full), detail, form, "admin", "另有看法")
    assert [one.actor for one in detail_of(full, "noise-0").corrections] == ["duty"]


def test_the_newest_correction_holds(full: House) -> None:
    correct(full, "noise-0", topic="municipal")
    desk = replace(desk_of(full), now=lambda: full.now().replace(hour=5))
    detail = detail_of(full, "noise-0")
    form: dict[Any, str] = answers(detail.judged.judgement) | {"topic": "housing"}
    correcting.correct(desk, detail, form, "admin", "再看一遍")
    found = full.archive.get("noise-0")
    assert found is not None
    assert found.judgement.topic == "housing"


def test_the_case_is_told_and_not_moved(full: House) -> None:
    before = case_of(full.ledger, "wages")
    correct(full, "wages-0", topic="housing", note="说的是房款")
    after = case_detail(full, "wages")
    assert replace(after.case, version=before.version, updated_at=before.updated_at) == before
    last = after.actions[-1]
    assert (last.verb, last.actor) == ("note", "duty")
    assert "事项" in last.note
    assert "说的是房款" in last.note
    assert "来自虚构留言板" in last.note


def test_a_sentiment_is_no_matter_of_the_case(full: House) -> None:
    correct(full, "wages-0", sentiment="neu")
    assert [one.verb for one in case_detail(full, "wages").actions] == ["open", "accept"]


def test_another_office_is_offered_when_most_posts_say_so(full: House) -> None:
    desk = desk_of(full)
    assert correcting.offer(desk, case_detail(full, "river")) is None
    correct(full, "river-0", topic="wages", office="renshe")
    assert correcting.offer(desk, case_detail(full, "river")) is None  # one of three
    correct(full, "river-1", topic="wages", office="renshe")
    found = correcting.offer(desk, case_detail(full, "river"))
    assert found is not None
    assert found.decision is not None
    assert found.decision.lead.partition("@")[0] == "renshe"
    assert found.severity == 0


def test_a_graver_post_is_offered_and_taken_by_a_person(full: House) -> None:
    desk = desk_of(full)
    correct(full, "wages-2", severity="4", note="有人受伤")
    found = correcting.offer(desk, case_detail(full, "wages"))
    assert found is not None
    assert (found.decision, found.severity) == (None, 4)
    saved = correcting.escalate(desk, case_of(full.ledger, "wages"), 4, "duty")
    assert saved.severity == 4
    assert correcting.offer(desk, case_detail(full, "wages")) is None
    told = data.alerts(desk, AlertFilter(case_id=saved.id))[0]
    assert "grave" in {alert.kind for alert in told}
    assert data.audit_tail(desk, 1)[0].what == "case.escalate"


class Away:
    def __init__(self, archive: Any) -> None:
        self.archive = archive

    def __getattr__(self, name: str) -> Any:
        return getattr(self.archive, name)

    def upsert(self, posts: Sequence[Judged]) -> None:
        raise Unavailable("检索库连不上")


def test_a_correction_is_kept_when_the_archive_is_away(full: House) -> None:
    desk, detail = desk_of(full), detail_of(full, "noise-0")
    form: dict[Any, str] = answers(detail.judged.judgement) | {"topic": "municipal"}
    with pytest.raises(MinshengError, match="已经记下"):
        correcting.correct(replace(desk, archive=Away(full.archive)), detail, form, "duty", "看过")
    assert len(detail_of(full, "noise-0").corrections) == 1


def test_what_may_be_chosen_has_what_stands_there_now(full: House) -> None:
    judged = detail_of(full, "noise-0").judged
    odd = replace(
        judged, judgement=replace(judged.judgement, office=replace(judged.judgement.office, key="closed_down"))
    )
    found = correcting.choices(full.catalog, odd)
    assert found["office"]["closed_down"] == "closed_down"
    assert found["place"][""] == "地点不明"
    assert found["place"]["330109"] == "杭州市萧山区"
    assert not any(code.startswith("44") for code in found["place"])
    assert found["topic2"]["-"] == "无"


def test_a_post_that_is_not_archived(full: House) -> None:
    assert correcting.post_detail(desk_of(full), "nothing") is None
