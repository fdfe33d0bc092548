"""Personal numbers are masked; sums, dates, document and service numbers are kept."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classify.pii import LABELS, mask, mask_post, spans
from stream.messages import Post, Reply

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def luhn(digits: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 - place % 2)
        total += value - 9 if value > 9 else value
    return digits + str(-total % 10)


def id_card(draw: random.Random) -> str:
    born = date(1940, 1, 1) + timedelta(days=draw.randrange(28_000))
    body = f"33{draw.randrange(10_000):04d}{born:%Y%m%d}{draw.randrange(1000):03d}"
    return body + "10X98765432"[sum(int(digit) * (1 << (17 - place)) for place, digit in enumerate(body)) % 11]


def mobile(draw: random.Random) -> str:
    digits = f"1{draw.choice('3456789')}{draw.randrange(10**9):09d}"
    styles = (
        digits,
        f"{digits[:3]}-{digits[3:7]}-{digits[7:]}",
        f"{digits[:3]} {digits[3:7]} {digits[7:]}",
        f"{digits[:7]} {digits[7:]}",
        f"+86{digits}",
        f"+86 {digits}",
        "-".join(digits),
        digits.translate(str.maketrans("0123456789", "０１２３４５６７８９")),
        digits.translate(str.maketrans("0123456789", "零一二三四五六七八九")),
        digits.translate(str.maketrans("0123456789", "〇幺二三四五六七八九")),
        digits[:3].translate(str.maketrans("0123456789", "零一二三四五六七八九")) + digits[3:],
    )
    return draw.choice(styles)


def landline(draw: random.Random) -> str:
    area, rest = draw.choice(("0571", "0574", "010", "021")), str(draw.randrange(20_000_000, 89_999_999))
    return draw.choice(
        (f"{area}-{rest}", f"{area}{rest}", f"（{area}）{rest}", f"{area} {rest}", f"{area}-{rest}转{8001}")
    )


def card(draw: random.Random) -> str:
    digits = luhn("62" + "".join(draw.choices("0123456789", k=draw.choice((13, 16)))))
    return draw.choice((digits, " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))))


def plate(draw: random.Random) -> str:
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    tail = "".join(draw.choices("0123456789", k=5))
    return draw.choice(
        (f"浙{draw.choice(letters)}{tail}", f"浙{draw.choice(letters)}·{tail}", f"浙{draw.choice(letters)}D{tail}")
    )


def account(draw: random.Random) -> str:
    name = f"{draw.choice(('wang', 'li_', 'zhao-'))}{draw.randrange(1000, 99_999)}"
    number = str(draw.randrange(100_000, 9_999_999_999))
    return draw.choice(
        (f"微信号：{name}", f"加V {name}", f"vx:{name}", f"QQ：{number}", f"qq群{number}", f"{name}@example.com")
    )


PLANTED = (mobile, landline, id_card, card, plate, account)
AROUND = ("请联系", "电话是", "他的号码", "", "，", "来电人 ")
AFTER = ("。", "，谢谢", " 王先生", "", "（机主姓李）", "找我")


def test_planted_numbers_are_masked() -> None:
    draw = random.Random(1)
    planted = [(draw.choice(AROUND), draw.choice(PLANTED)(draw), draw.choice(AFTER)) for _ in range(6000)]
    missed = [text for text in planted if sum(char.isdigit() for char in mask("".join(text))) > 0]
    assert len(missed) <= 0.005 * len(planted), missed[:10]


def kept(draw: random.Random) -> str:
    n = draw.randrange
    return draw.choice(
        (
            f"合同价{n(10**6, 10**11)}元",
            f"投资{n(10, 99_999)}.{n(10, 99)}万元",
            f"20{n(10, 27)}-{n(1, 13):02d}-{n(1, 29):02d} {n(24):02d}:{n(60):02d}:{n(60):02d}",
            f"20{n(10, 27)}{n(1, 13):02d}{n(1, 29):02d}",
            f"20{n(10, 27)}年{n(1, 13)}月{n(1, 29)}日",
            f"工单号20{n(10, 27)}{n(1, 13):02d}{n(1, 29):02d}{n(10**10):010d}",
            f"订单号{n(10**15, 10**18)}",
            f"浙政发〔20{n(10, 27)}〕{n(1, 400)}号",
            f"（20{n(10, 27)}）浙0106民初{n(1, 20_000)}号",
            f"统一社会信用代码9133{n(10**13, 10**14)}",
            f"拨打{draw.choice(('12345', '110', '12315', '96110', '119', '10086'))}没人接",
            f"门牌{n(1, 300)}号{n(1, 30)}幢{n(1, 5)}单元{n(101, 3000)}室",
            f"K{n(1, 900)}路公交{n(5, 90)}分钟一班",
            f"电费{n(10, 999)}.{n(10, 99)}元，水费{n(10, 999)}元",
            f"一共{n(1000, 10**7)}户{n(1000, 10**8)}人",
            f"面积{n(10**4, 10**8)}平方米",
        )
    )


def test_other_numbers_are_kept() -> None:
    draw = random.Random(2)
    texts = [
        f"{draw.choice(('', '据称', '去年'))}{kept(draw)}{draw.choice(('。', '，请核实', ''))}" for _ in range(6000)
    ]
    harmed = [text for text in texts if mask(text) != text]
    assert len(harmed) <= 0.001 * len(texts), harmed[:10]


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


@settings(max_examples=300)
@given(st.lists(st.sampled_from((*PLANTED, kept)), min_size=1, max_size=4), st.randoms(), st.text(max_size=12))
def test_masking_twice_changes_nothing(makers: list, draw: random.Random, between: str) -> None:  # type: ignore[type-arg]
    once = mask(between.join(maker(draw) for maker in makers))
    assert mask(once) == once


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
