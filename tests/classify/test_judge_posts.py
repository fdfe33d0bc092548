"""From a raw post to a judged one: masked, placed, copies linked, adverts set aside; always with a reason."""

from datetime import UTC, datetime

import pytest

from app.wire import open_house
from classify.adverts import shipped_adverts
from classify.judge import judge_posts
from stream.messages import Judged, Post

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def post(number: str, text: str, title: str = "", region: str = "") -> Post:
    return Post(number, "board", "message", title, text, NOW, NOW, region=region)


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    return open_house({"MINSHENG_DATA": str(tmp_path_factory.mktemp("data"))}).judge


def test_numbers_are_masked_before_anything_else(judge) -> None:  # type: ignore[no-untyped-def]
    (judged,) = judge()([post("a", "工地欠我们工资，请联系13812345678")])
    assert "13812345678" not in judged.post.text
    assert judged.judgement.topic == "wages"


def test_every_answer_has_a_reason(judge) -> None:  # type: ignore[no-untyped-def]
    texts = ["义乌北苑街道的工地拖欠三十多人工资半年", "晚上烧烤摊油烟呛人", "哈哈哈", "谢谢社区的同志", "？"]
    for judged in judge()([post(str(n), text) for n, text in enumerate(texts)]):
        said = judged.judgement
        answered = {reason.answer for reason in said.reasons}
        wanted = {f"topic:{said.topic}", f"sentiment:{said.sentiment.key}", f"intent:{said.intent.key}"}
        assert wanted <= answered
        assert f"severity:{said.severity}" in answered


def test_reasons_point_into_the_text_as_it_is_shown(judge) -> None:  # type: ignore[no-untyped-def]
    (judged,) = judge()([post("a", "ＡＢ　工地拖欠３０多名农民工工资，已经闹了三天", "拖欠工资")])
    for reason in judged.judgement.reasons:
        if reason.phrase:
            shown = judged.post.title if reason.field == "title" else judged.post.text
            assert shown[reason.start : reason.end] == reason.phrase


def test_a_repost_is_linked_and_the_same_batch_again_changes_nothing(judge) -> None:  # type: ignore[no-untyped-def]
    judging = judge()
    text = "碧湖澜庭小区从周一起停水，物业说水泵坏了，到今天还没有修好，老人提水上楼很不方便"
    batch = [post("a", text), post("b", f"转：{text}"), post("c", "请问公租房怎么申请，需要哪些材料，在哪里办")]
    first = [judged.judgement.near_copy_of for judged in judging(batch)]
    assert first == ["", "a", ""]
    assert [judged.judgement.near_copy_of for judged in judging(batch)] == first


def test_the_place_is_read_or_taken_from_the_source(judge) -> None:  # type: ignore[no-untyped-def]
    texts = [post("a", "萧山区义桥镇停水"), post("b", "停水三天了", region="330782"), post("c", "南京市鼓楼区停水")]
    said: list[Judged] = judge()(texts)
    places = [judged.judgement.place for judged in said]
    assert (places[0].code, places[0].basis) == ("330109", "text")
    assert (places[1].code, places[1].basis) == ("330782", "source")
    assert not places[2].code.startswith("33")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("专业疏通下水道，二十四小时上门，通不了不收钱，欢迎来电预约", "advert"),
        ("日结兼职手机就能做，一单三元到八元，不收押金，私信我拉你进群", "advert"),
        ("转发微博", "template"),
        ("。。。", "template"),
        ("有人加微信拉我做日结兼职刷单，被骗了三千元，求助", ""),
        ("举报小区门口贴满代开发票、无抵押贷款的小广告，扫码进群，没人管", ""),
        ("培训班收了八千元说包过，现在不退费，投诉无门", ""),
        ("小区停水三天，物业电话没人接", ""),
    ],
)
def test_adverts_are_set_aside_and_complaints_about_them_are_not(text: str, kind: str) -> None:
    found = shipped_adverts().look(post("a", text))
    assert (found.answer if found else "") == (f"set_aside:{kind}" if kind else "")


def test_order_is_kept_without_places_or_copies(judge) -> None:  # type: ignore[no-untyped-def]
    class Plain:
        name = "plain"

        def judge(self, posts):  # type: ignore[no-untyped-def]
            return [judged.judgement for judged in judge()(posts)]

    batch = [post(str(n), f"第{n}号楼停水") for n in range(5)]
    assert [judged.post.id for judged in judge_posts(batch, Plain())] == ["0", "1", "2", "3", "4"]
