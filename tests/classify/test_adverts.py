"""Adverts and empty posts are set aside; a complaint about them never is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from classify.adverts import AdvertReader
from configs.lexicon import Adverts, Sign
from stream.messages import Judgement, Place, Post, Scored

NOW = datetime(2026, 11, 25, tzinfo=UTC)
READER = AdvertReader()


def post(text: str, title: str = "") -> Post:
    return Post("a", "forum", "forum", title, text, NOW, NOW)


def judgement(intent: str, score: float) -> Judgement:
    sure = Scored("none", 1.0)
    return Judgement("a", (sure,), sure, sure, Scored(intent, score), 1, 1.0, Place(), "m")


@pytest.mark.parametrize(
    ("title", "text", "kind"),
    [
        ("", "专业疏通下水道，二十四小时上门，通不了不收钱，欢迎来电预约", "advert"),
        ("", "日结兼职手机就能做，一单一结，不收押金，私信我拉你进群", "advert"),
        ("无抵押当天放款", "征信花也能做，加微信【微信号】", "advert"),
        ("", "代开发票，全国可查，电话【手机号】", "advert"),
        ("", "旺铺转让，位置好，价格可小刀，有意者联系【手机号】", "advert"),
        ("", "领资料 http://a.example http://b.example http://c.example 手慢无", "advert"),
        ("", "注册送彩金，首存送百分之五十，进群领", "advert"),
        ("", "加.微.信【微信号】，ВХ同号，日结兼职", "advert"),
        ("", "專業疏通下水道，二十四小時上門，歡迎來電", "advert"),
        ("", "新店福利，美甲第二位半价，私信约", "advert"),
        ("", "代理火热招募中，零门槛零囤货，上家带", "advert"),
        ("", "祖传膏药，前五十名免费试用，详情私聊", "advert"),
        ("", "转发微博", "template"),
        ("", "轉發微博", "template"),
        ("沙发", "沙发！！", "template"),
        ("", "。。。", "template"),
        ("", "【举报】有人在小区群发刷单兼职，加微信后被骗三千元，求助", ""),
        ("", "小区门口贴满代开发票、无抵押贷款的小广告，扫码进群，没人管", ""),
        ("", "培训班签约保过，现在不退费，投诉无门", ""),
        ("", "健身房周年庆充一千送六百，上周关门了，老板失联", ""),
        ("", "请问公租房名额有限吗，报名电话是多少，能不能加微信咨询", ""),
        ("", "谨防稳赚不赔、内幕消息、带单等骗局，警方提醒：不要加微信转账", ""),
        ("物业停水三天", "顶", ""),
        ("小区停水三天", "", ""),
        ("", "停水三天，物业电话没人接", ""),
    ],
)
def test_what_is_set_aside(title: str, text: str, kind: str) -> None:
    found, reasons = READER.set_aside(post(text, title))
    assert found == kind
    assert bool(reasons) == bool(kind)
    assert all(reason.answer == f"set_aside:{kind}" and reason.rule for reason in reasons)


def test_reasons_show_the_words_where_they_stand() -> None:
    one = post("一单一结，不收押金，私信我", "日结兼职")
    _, reasons = READER.set_aside(one)
    shown = [(one.title if reason.field == "title" else one.text)[reason.start : reason.end] for reason in reasons]
    assert shown == [reason.phrase for reason in reasons]
    assert shown


def test_words_in_disguise_are_shown_as_written() -> None:
    one = post("日.结.兼职手机就能做，加\u200b微信")
    _, reasons = READER.set_aside(one)
    assert {reason.phrase for reason in reasons} == {"日.结.兼职", "加\u200b微信"}
    assert all(one.text[reason.start : reason.end] == reason.phrase for reason in reasons)


def test_a_post_in_which_the_model_is_sure_of_a_complaint_stays() -> None:
    one = post("日结兼职手机就能做，不收押金，私信我拉你进群")
    assert READER.set_aside(one, judgement("complaint", 0.95))[0] == ""
    assert READER.set_aside(one, judgement("complaint", 0.4))[0] == "advert"
    assert READER.set_aside(one, judgement("other", 0.95))[0] == "advert"


def test_words_are_a_matter_of_configuration() -> None:
    sign = Sign(key="fruit", rule="卖水果", weight=3, words=("大西瓜",))
    reader = AdvertReader(Adverts(threshold=3, signs=(sign,), templates=("卖瓜",)))
    assert reader.set_aside(post("大西瓜"))[1][0].rule == "卖水果"
    assert reader.set_aside(post("卖瓜"))[0] == "template"
    assert reader.set_aside(post("小西瓜"))[0] == ""
