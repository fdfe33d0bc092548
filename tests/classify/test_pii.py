"""Personal numbers are masked; sums, dates, document and service numbers are kept."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classify.pii import LABELS, apply, mask, mask_post, mask_url, spans
from stream.messages import Post, Reply
from tests.classify.planting import PLANTED, introduced, kept

NOW = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "二〇二六年十一月二十五日",
        "三十余人一二三四五六七八九十",
        "体温37.5 血压140 90 心率110 120",
        "微信12345公众号投诉",
        "微信小程序",
        "评分 13 45 67 89 10 23 54",
        "新A级景区",
        "@某某 看一下",
    ],
)
def test_everyday_texts_stay_as_they_are(text: str) -> None:
    assert mask(text) == text


def invented(draw: Random, between: str) -> str:
    makers: tuple[Callable[[], str], ...] = (
        *[lambda: draw.choice(PLANTED)(draw).text] * 3,
        lambda: kept(draw),
        lambda: introduced(draw).text,
        lambda: draw.choice(tuple(LABELS.values())),
    )
    return between.join(draw.choice(makers)() for _ in range(draw.randrange(1, 5)))


@settings(max_examples=400, derandomize=True, deadline=None)
@given(st.randoms(use_true_random=False), st.text(max_size=6))
def test_spans_are_ordered_disjoint_in_range_and_leave_the_rest_alone(draw: Random, between: str) -> None:
    text = invented(draw, between)
    found, masked, at = spans(text), mask(text), 0
    assert [place for span in found for place in span[:2]] == sorted(place for span in found for place in span[:2])
    assert all(0 <= span.start < span.end <= len(text) and span.kind in LABELS for span in found)
    last = 0
    for span in found:
        outside = text[last : span.start]
        assert masked.startswith(outside + LABELS[span.kind], at)
        at += len(outside) + len(LABELS[span.kind])
        last = span.end
    assert masked[at:] == text[last:]


@settings(max_examples=400, derandomize=True, deadline=None)
@given(st.randoms(use_true_random=False), st.text(max_size=6))
def test_masking_twice_changes_nothing(draw: Random, between: str) -> None:
    once = mask(invented(draw, between))
    assert mask(once) == once


@settings(max_examples=400, derandomize=True, deadline=None)
@given(
    st.text(
        st.sampled_from("0123456789 -.,、一三八零〇①０幺@qqQ微信vx浙A【】电话：张三室幢\u200b\ufe0f\u20e3"), max_size=40
    )
)
def test_masking_any_jumble_twice_changes_nothing(text: str) -> None:
    assert mask(mask(text)) == mask(text)
    assert apply(text, spans(text)) == mask(text)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.text(st.characters(exclude_categories=["Nd", "No", "Nl", "Cs"]), max_size=60))
def test_a_text_without_any_digit_keeps_its_names_and_doors(text: str) -> None:
    told = [span for span in spans("联系人张三，" + text.replace("@", "")) if span.kind not in ("email", "wechat")]
    if not any(char in "零〇一壹幺么二两三四五六七八九洞拐勾○◯" for char in text):
        assert told == []


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("1 3 8 – 零一二三四五六七", "【手机号】"),
        ("幺三八零零一三八零零零", "【手机号】"),
        ("１３８００１３８０００", "【手机号】"),
        ("1️⃣3️⃣8️⃣0️⃣0️⃣1️⃣3️⃣8️⃣0️⃣0️⃣0️⃣", "【手机号】"),
        ("①③⑧⓪⓪①③⑧⓪⓪⓪", "【手机号】"),
        ("1\u200b3\u200b8\u200b00138\u200b000", "【手机号】"),
        ("1啊3啊8啊0啊0啊1啊3啊8啊0啊0啊0", "【手机号】"),
        ("138一0013一8000", "【手机号】"),
        ("138OO138OOO", "【手机号】"),
        ("138零0138000一直打不通", "【手机号】一直打不通"),
        ("联系人张三13800138000", "联系人【姓名】【手机号】"),
        ("本人李某某 身份证33010619900307123X", "本人【姓名】 身份证【身份证号】"),
        ("家住碧湖澜庭3幢2单元1502室 电话13800138000", "家住碧湖澜庭【门牌号】 电话【手机号】"),
        ("家住下沙村12号，电话13800138000", "家住下沙村【门牌号】，电话【手机号】"),
        (
            "我叫王建国，暖气不热，电话13800138000。此致敬礼 王建国",
            "我叫【姓名】，暖气不热，电话【手机号】。此致敬礼 【姓名】",
        ),
        ("13800138000（欧阳女士）", "【手机号】（【姓名】）"),
        ("【微信号】abc12345", "【微信号】【微信号】"),
        ("浙AD12345和浙A12345D堵门", "【车牌】和【车牌】堵门"),
    ],
)
def test_what_is_written_around_or_given_together_goes(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "联系人：碧湖物业，电话13800138000",
        "找市住建局，电话13800138000",
        "温州市民反映文一路小学门口堵车，电话13800138000",
        "高温天停电，13800138000",
        "13800138000，谢谢",
        "13800138000，马上解决",
        "我是高新区居民，电话13800138000",
        "3幢电梯坏了，电话13800138000",
        "13号线万达广场站，电话13800138000",
    ],
)
def test_places_firms_and_everyday_words_beside_a_number_stay(text: str) -> None:
    assert mask(text) == text.replace("13800138000", "【手机号】")


def test_names_and_doors_without_a_number_stay() -> None:
    for text in ("联系人张三反映3幢2单元1502室漏水", "我叫李某某，家住碧湖澜庭3幢2单元1502室"):
        assert mask(text) == text


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://a.example/p?id=13800138000", "https://a.example/p?id=13800138000"),
        ("https://a.example/p?id=7&tel=13800138000", "https://a.example/p?id=7"),
        ("https://a.example/p?u=li@example.com", "https://a.example/p"),
        ("https://a.example/13800138000.html", "https://a.example/13800138000.html"),
        ("tel:13800138000", "tel:【手机号】"),
    ],
)
def test_an_address_loses_what_is_personal_in_its_query(url: str, kept: str) -> None:
    assert mask_url(url) == kept


def test_a_long_text_of_numbers_takes_no_more_than_its_length_in_time() -> None:
    def seconds(count: int) -> float:
        text = "电话13800138000，微信abc12345。" * count
        started = time.perf_counter()
        assert len(spans(text)) == 2 * count
        return time.perf_counter() - started

    seconds(50)
    assert min(seconds(2000) for _ in range(3)) < 40 * min(seconds(200) for _ in range(3))


def test_a_post_is_masked_whole_with_its_reply() -> None:
    post = Post(
        "1", "s", "message", "找13800138000", "身份证33010619900307123X", NOW, NOW, reply=Reply("已致电13900139000")
    )
    masked = mask_post(post)
    assert masked.title == f"找{LABELS['mobile']}"
    assert masked.reply is not None
    assert masked.reply.text == f"已致电{LABELS['mobile']}"
    assert "1990" not in masked.text


def test_a_clean_post_stays_the_same_object() -> None:
    post = Post("1", "s", "message", "停水", "三天没水了，打12345没人管", NOW, NOW)
    assert mask_post(post) is post


def test_spans_are_in_order_and_name_their_kind() -> None:
    text = "浙A12345的车主13800138000，邮箱a@example.com"
    assert [(text[span.start : span.end], span.kind) for span in spans(text)] == [
        ("浙A12345", "plate"),
        ("13800138000", "mobile"),
        ("a@example.com", "email"),
    ]
