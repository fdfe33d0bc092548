"""The shipped model: every answer has a reason that stands in the post; scores are probabilities; batches do not matter."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classify.fast import FastModel
from stream.messages import Judgement, Kind, Post

NOW = datetime(2026, 11, 25, tzinfo=UTC)
MODEL = FastModel.load()


def post(text: str, title: str = "", kind: Kind = "message") -> Post:
    return Post("p", "s", kind, title, text, NOW, NOW)


def judge(text: str, title: str = "", kind: Kind = "message") -> Judgement:
    (judged,) = MODEL.judge([post(text, title, kind)])
    return judged


CLEAR = [
    ("工地老板拖欠我们三十多个农民工工资半年了，一分钱没给", "wages", "renshe", "neg"),
    ("学校食堂饭菜里吃出虫子，孩子上吐下泻，请市场监管部门查一查", "food_drug", "shichang", "neg"),
    ("开发商逾期两年没有交房，工地早就停工了，房子成了烂尾楼", "housing", "zhujian", "neg"),
    ("化工厂半夜往河里排黑水，臭得开不了窗", "ecology", "huanjing", "neg"),
    ("恭喜恭喜，新婚快乐，百年好合！", "none", "none", "pos"),
]


@pytest.mark.parametrize(("text", "topic", "office", "sentiment"), CLEAR)
def test_clear_posts_are_judged_as_a_person_would(text: str, topic: str, office: str, sentiment: str) -> None:
    judged = judge(text)
    assert (judged.topic, judged.office.key, judged.sentiment.key) == (topic, office, sentiment)


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=60), st.text(st.characters(codec="utf-8"), max_size=20))
def test_no_answer_without_a_reason_and_every_phrase_stands_in_the_post(text: str, title: str) -> None:
    judged = judge(text, title)
    answers = {
        f"topic:{judged.topic}",
        f"office:{judged.office.key}",
        f"sentiment:{judged.sentiment.key}",
        f"intent:{judged.intent.key}",
        f"severity:{judged.severity}",
    }
    assert answers <= {reason.answer for reason in judged.reasons}
    for reason in judged.reasons:
        source = title if reason.field == "title" else text
        assert reason.phrase == source[reason.start : reason.end]
        assert reason.phrase or reason.rule


def test_scores_are_probabilities_best_first() -> None:
    judged = judge(CLEAR[0][0])
    scores = [scored.score for scored in judged.topics]
    assert scores == sorted(scores, reverse=True)
    assert 0 < sum(scores) <= 1.0001
    every = MODEL.scores(["", ""], [CLEAR[0][0], ""], ["message", "social"])
    assert np.allclose(every.sum(axis=1), 5, atol=1e-3)


def test_a_post_is_judged_alike_alone_and_among_many() -> None:
    posts = [post(text) for text, *_ in CLEAR] * 150
    together = MODEL.judge(posts)
    assert len(together) == len(posts)
    for place, (text, *_) in enumerate(CLEAR):
        alone, among = judge(text), together[600 + place]
        assert alone.topics[0].score == pytest.approx(among.topics[0].score, abs=1e-4)
        assert alone.reasons == among.reasons


def test_a_stated_death_lifts_the_severity_with_its_rule_and_source() -> None:
    judged = judge("昨天工地脚手架坍塌，造成3名工人死亡，老板想私了")
    assert (judged.severity, judged.event_grade, judged.facts.deaths) == (4, "较大", 3)
    assert any(reason.source and reason.phrase == "3名" for reason in judged.reasons if reason.answer == "severity:4")


def test_facts_in_what_is_no_public_matter_lift_nothing() -> None:
    judged = judge("昨晚看的电影太感人了，女主角和3名队友死亡那段哭死我了，强烈安利", kind="social")
    assert judged.topic == "none"
    assert judged.event_grade is None
    assert judged.severity < 4


def test_the_kind_may_be_left_out() -> None:
    assert MODEL.scores([""], ["停水三天了"]).shape == MODEL.scores([""], ["停水三天了"], ["forum"]).shape


def test_an_empty_batch_and_an_empty_post() -> None:
    assert MODEL.judge([]) == []
    assert judge("").needs_human


def test_a_folder_without_a_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="train"):
        FastModel.load(tmp_path)
    (tmp_path / "model.npz").write_bytes(b"")
    (tmp_path / "meta.json").write_text('{"format": 99}')
    with pytest.raises(ValueError, match="重新训练"):
        FastModel.load(tmp_path)
