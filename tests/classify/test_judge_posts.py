"""From a raw post to a judged one: masked, placed, copies linked, adverts set aside; always with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from classify.dedupe import NearCopies
from classify.fast import FastModel
from classify.judge import judge_posts
from classify.places import Places
from configs.loader import load_catalog
from stream.messages import Judged, Judgement, Place, Post, Scored, decode_judged, encode_judged

NOW = datetime(2026, 11, 25, tzinfo=UTC)
PLACES = Places(load_catalog([]).provinces)


def post(number: str, text: str, title: str = "", region: str = "") -> Post:
    return Post(number, "board", "message", title, text, NOW, NOW, region=region)


@pytest.fixture(scope="module")
def model() -> FastModel:
    return FastModel.load()


def judge(model: FastModel, *posts: Post, near: NearCopies | None = None) -> list[Judged]:
    return judge_posts(posts, model, PLACES, near or NearCopies(1000))


def test_numbers_are_masked_before_anything_else(model: FastModel) -> None:
    (judged,) = judge(model, post("a", "工地欠我们工资，请联系13812345678", "13812345678"))
    assert b"13812345678" not in encode_judged(judged)
    assert judged.judgement.topic == "wages"


def test_every_answer_has_a_reason(model: FastModel) -> None:
    texts = ["义乌北苑街道的工地拖欠三十多人工资半年", "晚上烧烤摊油烟呛人", "哈哈哈", "谢谢社区的同志", "？"]
    for judged in judge(model, *(post(str(n), text, region="330782") for n, text in enumerate(texts))):
        said = judged.judgement
        answered = {reason.answer for reason in said.reasons}
        assert {f"topic:{said.topic}", f"sentiment:{said.sentiment.key}", f"intent:{said.intent.key}"} <= answered
        assert {f"severity:{said.severity}", f"place:{said.place.code}"} <= answered


def test_reasons_point_into_the_text_as_it_is_shown(model: FastModel) -> None:
    batch = [
        post("a", "ＡＢ　宁波海曙区工地拖欠３０多名农民工工资，电话13812345678，已经闹了三天", "拖欠工资"),
        post("b", "专业疏通下水道，二十四小时上门，电话13812345678，欢迎来电", "萧山疏通"),
    ]
    for judged in judge(model, *batch):
        for reason in judged.judgement.reasons:
            shown = judged.post.title if reason.field == "title" else judged.post.text
            assert shown[reason.start : reason.end] == reason.phrase


def test_a_repost_is_linked_and_the_same_batch_again_changes_nothing(model: FastModel) -> None:
    near = NearCopies(1000)
    text = "碧湖澜庭小区从周一起停水，物业说水泵坏了，到今天还没有修好，老人提水上楼很不方便"
    batch = [post("a", text), post("b", f"转：{text}"), post("c", "请问公租房怎么申请，需要哪些材料，在哪里办")]
    first = judge(model, *batch, near=near)
    assert [judged.judgement.near_copy_of for judged in first] == ["", "a", ""]
    assert judge(model, *batch, near=near) == first


def test_the_place_is_read_or_taken_from_the_source(model: FastModel) -> None:
    batch = [post("a", "萧山区义桥镇停水"), post("b", "停水三天了", region="330782"), post("c", "南昌市西湖区停水")]
    places = [judged.judgement.place for judged in judge(model, *batch)]
    assert [(place.code, place.basis) for place in places] == [
        ("330109", "text"),
        ("330782", "source"),
        ("360103", "text"),
    ]


def test_adverts_are_set_aside_with_the_signs_and_complaints_are_not(model: FastModel) -> None:
    batch = [
        post("a", "日结兼职手机就能做，一单一结，不收押金，私信我拉你进群"),
        post("b", "有人拉我做日结兼职刷单，加微信后被骗了三千元，求助"),
    ]
    advert, complaint = judge(model, *batch)
    assert advert.judgement.set_aside == "advert"
    assert "set_aside:advert" in {reason.answer for reason in advert.judgement.reasons}
    assert complaint.judgement.set_aside == ""


def test_key_words_of_title_and_text(model: FastModel) -> None:
    (judged,) = judge(model, post("a", "下水道堵塞三天，污水倒灌", "水库旁边的农家乐"))
    assert {"农家乐", "下水道"} <= set(judged.judgement.keywords)


def test_what_is_judged_survives_the_wire(model: FastModel) -> None:
    (judged,) = judge(model, post("a", "余杭区仓前街道停水三天，12户人家没水喝", "停水"))
    assert decode_judged(encode_judged(judged)) == judged


def test_any_classifier_will_do_and_the_order_is_kept() -> None:
    class Plain:
        name = "plain"

        def judge(self, posts: Sequence[Post]) -> list[Judgement]:
            one = Scored("municipal", 1.0)
            return [Judgement(p.id, (one,), one, one, one, 1, 1.0, Place(), self.name) for p in posts]

    batch = [post(str(n), f"第{n}号楼停水") for n in range(5)]
    judged = judge_posts(batch, Plain(), PLACES, NearCopies(10))
    assert [one.post.id for one in judged] == [one.judgement.post_id for one in judged] == ["0", "1", "2", "3", "4"]
    assert judge_posts([], Plain(), PLACES, NearCopies(10)) == []
