"""Invented personal numbers in many writings and phrasings, and other numbers that look like them. All from a seed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

DIGITS = "0123456789"
WRITINGS = (
    "零一二三四五六七八九",
    "〇一二三四五六七八九",
    "零幺二三四五六七八九",
    "零壹贰叁肆伍陆柒捌玖",
    "０１２３４５６７８９",
    "⓪①②③④⑤⑥⑦⑧⑨",
    "⓿❶❷❸❹❺❻❼❽❾",
    "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗",
)
CHINESE = WRITINGS[:4]
BETWEEN = (
    " ",
    "-",
    "–",
    "—",
    ".",
    "·",
    "_",
    "－",
    "  ",
    " - ",
    "、",
    "*",
    "/",
    "~",
    "\u200b",
    "\u200d",
    "\u2060",
    "\ufeff",
)
INVISIBLE = ("\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad")


class Planted(NamedTuple):
    """`before` + `secret` + `after`; all of the secret that is a letter or digit must be masked."""

    before: str
    secret: str
    after: str

    @property
    def text(self) -> str:
        return self.before + self.secret + self.after


# ---- digits --------------------------------------------------------------------------------------


def luhn(digits: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 - place % 2)
        total += value - 9 if value > 9 else value
    return digits + str(-total % 10)


def some(draw: Random, count: int) -> str:
    return "".join(draw.choices(DIGITS, k=count))


def mobile_digits(draw: Random) -> str:
    return f"1{draw.choice('3456789')}{some(draw, 9)}"


def id_digits(draw: Random) -> str:
    born = date(1935, 1, 1) + timedelta(days=draw.randrange(32_000))
    body = f"{draw.choice(('33', '11', '36', '41', '51', '65'))}{some(draw, 4)}{born:%Y%m%d}{some(draw, 3)}"
    return body + "10X98765432"[sum(int(digit) * (1 << (17 - place)) for place, digit in enumerate(body)) % 11]


def card_digits(draw: Random) -> str:
    head, size = draw.choice((("62", 16), ("62", 17), ("62", 19), ("4", 16), ("52", 16), ("9558", 19)))
    return luhn(head + some(draw, size - 1 - len(head)))


# ---- writings ------------------------------------------------------------------------------------


def written(draw: Random, digits: str, groups: tuple[int, ...]) -> str:
    """The digits in one of many writings: grouped, spaced out, in other characters, mixed, with invisible ones."""
    kinds: tuple[Callable[[], str], ...] = (
        lambda: digits,
        lambda: draw.choice((" ", "-", "–", "－", "·", "_", *("." * (len(groups) > 1)))).join(cut(digits, groups)),
        lambda: draw.choice(BETWEEN).join(digits),
        lambda: digits.translate(str.maketrans(DIGITS, draw.choice(WRITINGS))),
        lambda: "".join(f"{digit}\ufe0f\u20e3" if digit in DIGITS else digit for digit in digits),
        lambda: mixed(draw, digits),
        lambda: draw.choice(INVISIBLE).join(cut(digits, groups)),
        lambda: draw.choice((" ", "-", "—")).join(mixed(draw, part) for part in cut(digits, groups)),
        lambda: draw.choice((" ", "-", "·")).join(digits.translate(str.maketrans(DIGITS, draw.choice(WRITINGS)))),
    )
    return draw.choice(kinds)()


def mixed(draw: Random, digits: str) -> str:
    """Every digit in a writing of its own choice: 1３八零⓪…"""
    writings = (DIGITS, draw.choice(CHINESE), *draw.sample(WRITINGS, 1))
    return "".join(draw.choice(writings)[int(digit)] if digit in DIGITS else digit for digit in digits)


def cut(digits: str, groups: tuple[int, ...]) -> list[str]:
    parts, at = [], 0
    for size in groups:
        parts.append(digits[at : at + size])
        at += size
    return [part for part in (*parts, digits[at:]) if part]


# ---- planted numbers -----------------------------------------------------------------------------

AROUND = (
    "请联系",
    "电话是",
    "他的号码",
    "",
    "，",
    "来电人 ",
    "手机：",
    "联系电话",
    "有事打",
    "☎",
    "\n",
    "可以打我手机",
)
AFTER = (
    "。",
    "，谢谢",
    " ",
    "",
    "（机主姓李）",
    "找我",
    "，请尽快处理",
    "！",
    "\n",
    "，一直没人管",
    "；门口的路灯不亮",
)


def mobile(draw: Random) -> Planted:
    groups = draw.choice(((3, 4), (3, 4), (3, 3), (4, 4), (4, 3), (7,), (3,)))
    said = written(draw, mobile_digits(draw), groups)
    prefix = draw.choice(("", "", "", "+86", "+86 ", "86-", "0086 "))
    return Planted(draw.choice(AROUND), prefix + said if said[0] in DIGITS else said, draw.choice(AFTER))


def landline(draw: Random) -> Planted:
    area, rest = draw.choice(("0571", "0574", "010", "021", "0755")), str(draw.randrange(20_000_000, 89_999_999))
    plain = f"{area}{rest}"
    said = draw.choice(
        (
            plain,
            f"{area}-{rest}",
            f"（{area}）{rest}",
            f"{area} {rest}",
            f"{area}-{rest[:4]}-{rest[4:]}",
            f"{area}—{rest}",
            f"{area}-{rest}转8001",
            f"{area}-{rest}".translate(str.maketrans(DIGITS, draw.choice(WRITINGS))),
            draw.choice(INVISIBLE).join(plain),
            " ".join(plain),
        )
    )
    return Planted(draw.choice(AROUND), said, draw.choice(AFTER))


def identity_card(draw: Random) -> Planted:
    before = draw.choice(("身份证", "身份证号：", "身份证号码是", "证件号 ", "我的身份证号", "", "，"))
    said = written(draw, id_digits(draw), draw.choice(((6, 8), (6, 4, 4), (3, 3, 4, 4))))
    return Planted(before, said, draw.choice(AFTER))


def old_card(draw: Random) -> Planted:
    born = date(1935, 1, 1) + timedelta(days=draw.randrange(20_000))
    digits = f"33{some(draw, 4)}{born:%y%m%d}{some(draw, 3)}"
    return Planted(draw.choice(("身份证号", "老身份证：", "证件号码 ", "身份证是")), digits, draw.choice(AFTER))


def bank_card(draw: Random) -> Planted:
    before = draw.choice(("卡号", "银行卡：", "工资卡号是", "请打到", "开户行农业银行，账号", "汇款到卡 "))
    return Planted(before, written(draw, card_digits(draw), (4, 4, 4, 4)), draw.choice(AFTER))


def email(draw: Random) -> Planted:
    name = draw.choice(("zhangsan", "li.si", "wang_88", "abc-123", some(draw, 9)))
    site = draw.choice(("qq.com", "163.com", "example.com.cn", "mail.example.org"))
    at = draw.choice(("@", "@", "＠", " @ ", "(at)", "#"))
    said = f"{name}{at}{site}" if at in "@＠" else f"{name}{at}{draw.choice(('qq.com', '163.com', 'example点com'))}"
    return Planted(
        draw.choice(("邮箱", "邮箱：", "请发到", "，")), said, draw.choice(("。", "，谢谢", "", "（长期有效）"))
    )


def plate(draw: Random) -> Planted:
    letters, head = "ABCDEFGHJKLMNPQRSTUVWXYZ", draw.choice("浙沪苏皖京粤")
    city, tail = draw.choice(letters), some(draw, 5)
    said = draw.choice(
        (
            f"{head}{city}{tail}",
            f"{head}{city}·{tail}",
            f"{head}{city}-{tail}",
            f"{head}{city} {tail}",
            f"{head}{city}D{tail}",
            f"{head}{city}F{tail}",
            f"{head}{city}{tail}D",
            f"{head}{city}{tail[:3]}{draw.choice(letters)}{tail[4]}",
            f"{head}{city}{tail[:4]}{draw.choice('学警挂')}",
            f"{head}{city.lower()}{tail}",
            f"{head}{city}{tail}".translate(str.maketrans(DIGITS, draw.choice(WRITINGS[4:]))),
            "\u200b".join(f"{head}{city}{tail}"),
        )
    )
    return Planted(
        draw.choice(("车牌", "一辆", "车号：", "", "堵门的是")), said, draw.choice(("。", "的车", "，天天停这里", ""))
    )


def account(draw: Random) -> Planted:
    name = f"{draw.choice(('wang', 'li_', 'zhao-', 'abc_x', 'Chen'))}{draw.randrange(1000, 99_999)}"
    number = str(draw.randrange(100_000, 9_999_999_999))
    wechat = draw.choice(
        (
            "微信：",
            "微信号",
            "加微信",
            "微信号是",
            "加V ",
            "vx:",
            "VX ",
            "薇信 ",
            "V信：",
            "wechat: ",
            "我的微信叫",
            "威信号：",
        )
    )
    qq = draw.choice(("QQ：", "QQ", "qq ", "qq群", "扣扣", "QQ号是", "加Q", "企鹅号", "QQ邮箱号"))
    digits = draw.choice((number, number.translate(str.maketrans(DIGITS, draw.choice(WRITINGS))), " ".join(number)))
    before, said = draw.choice(((wechat, name), (qq, digits), (wechat, mobile_digits(draw))))
    return Planted(before, said, draw.choice(("。", "，谢谢", "", "（常在线）")))


PLANTED = (mobile, landline, identity_card, old_card, bank_card, email, plate, account)

# ---- given with a number -------------------------------------------------------------------------

SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华建国志强"
ESTATES = ("碧湖澜庭", "翠苑新村", "阳光花园", "和睦新村三区", "江南春晓小区", "金桂苑")


def person(draw: Random) -> str:
    given = "".join(draw.choices(GIVEN, k=draw.choice((1, 2, 2))))
    return draw.choice(SURNAMES) + draw.choice((given, given, given, "某某", "某", "先生", "女士"))


def door(draw: Random) -> str:
    building, unit, floor, flat = (
        draw.randrange(1, 40),
        draw.randrange(1, 5),
        draw.randrange(1, 30),
        draw.randrange(1, 5),
    )
    room = f"{floor}{flat:02d}"
    return draw.choice(
        (
            f"{building}幢{unit}单元{room}室",
            f"{building}栋{unit}单元{room}",
            f"{building}号楼{room}室",
            f"{building}-{unit}-{room}",
            f"{building}幢{room}室",
            f"{draw.choice('ABCD')}座{room}室",
            f"{building}幢{unit}单元{floor}楼{room}室",
        )
    )


class Given(NamedTuple):
    """A text, what must go of it (name, door or both) and what must stay."""

    text: str
    gone: tuple[str, ...]
    stays: str


def introduced(draw: Random) -> Given:
    """Somebody who tells name, door or both with a number."""
    name, room, estate, number = person(draw), door(draw), draw.choice(ESTATES), mobile_digits(draw)
    card = id_digits(draw)
    forms = (
        (f"联系人{name} {number}，{estate}停水三天", (name,)),
        (f"联系人：{name}，电话：{number}。{estate}的路灯不亮", (name,)),
        (f"本人{name}，身份证{card}，家住{estate}{room}，电话{number}", (name, room)),
        (f"我叫{name}，住在{estate}{room}，楼上漏水没人管，联系电话{number}", (name, room)),
        (f"家住{estate}{room} 电话{number}，暖气不热", (room,)),
        (f"{estate}外墙脱落，请联系{name}{number}", (name,)),
        (f"{estate}电梯坏了。{number}（{name}）", (name,)),
        (f"{estate}业主{name}的电话是{number}", (name,)),
        (f"地址：{estate}{room}，姓名：{name}，手机：{number}", (name, room)),
        (f"{estate}噪音扰民，{name}，{number}", (name,)),
        (f"我是{estate}的业主，姓名{name}，微信同手机{number}", (name,)),
        (f"{estate}{room}业主{name}，电话{number}", (name, room)),
    )
    text, gone = draw.choice(forms)
    return Given(text, gone, estate)


# ---- other numbers -------------------------------------------------------------------------------


def other(draw: Random) -> str:
    n = draw.randrange
    day = f"20{n(10, 27)}{n(1, 13):02d}{n(1, 29):02d}"
    return draw.choice(
        (
            f"合同价{n(10**6, 10**11)}元",
            f"投资{n(10, 99_999)}.{n(10, 99)}万元",
            f"总造价{n(1, 10**3)},{n(10**3):03d},{n(10**3):03d}元",
            f"补偿款共计{n(10**7, 10**11)}",
            f"欠薪{n(10, 900)}万{n(1000, 9999)}元",
            f"20{n(10, 27)}-{n(1, 13):02d}-{n(1, 29):02d} {n(24):02d}:{n(60):02d}:{n(60):02d}",
            f"{day}{n(24):02d}{n(60):02d}{n(60):02d}",
            f"20{n(10, 27)}年{n(1, 13)}月{n(1, 29)}日{n(24)}时{n(60)}分",
            "二〇二六年十一月二十五日",
            f"{n(1, 13)}月{n(1, 29)}日{n(24)}点到{n(24)}点",
            f"{n(24)}:{n(60):02d}-{n(24)}:{n(60):02d}",
            f"工单号{day}{n(10**10):010d}",
            f"工单编号：HZ{day}{n(10**5):05d}",
            f"订单号{n(10**15, 10**18)}",
            f"订单编号：1{n(3, 10)}{n(10**9):09d}",
            f"信访件编号{n(10**10, 10**11)}",
            f"快递单号SF{n(10**12, 10**13)}",
            f"受理编号（{day}）第{n(1, 9999)}号",
            f"国办发〔20{n(10, 27)}〕{n(1, 200)}号",
            f"浙政办函〔20{n(10, 27)}〕{n(1, 400)}号",
            f"（20{n(10, 27)}）浙0106民初{n(1, 20_000)}号",
            f"统一社会信用代码9133{n(10**13, 10**14)}",
            f"《劳动合同法》第{n(1, 98)}条第{n(1, 4)}款",
            f"第一百{draw.choice('二三四五六七八九')}十{draw.choice('一二三四五六七八九')}条",
            f"拨打{draw.choice(('12345', '110', '12315', '96110', '119', '120', '10086', '12319', '95598'))}没人接",
            f"客服{draw.choice(('400', '800'))}-{n(100, 999)}-{n(1000, 9999)}",
            f"客服电话400{n(10**6, 10**7)}",
            f"拨打95{n(100, 1000)}没人接",
            f"门牌{n(1, 300)}号{n(1, 30)}幢{n(1, 5)}单元{n(101, 3000)}室",
            f"K{n(1, 900)}路公交{n(5, 90)}分钟一班",
            f"G{n(1, 400)}国道K{n(1, 2000)}+{n(100, 999)}处",
            f"电费{n(10, 999)}.{n(10, 99)}元，水费{n(10, 999)}元",
            f"一共{n(1000, 10**7)}户{n(1000, 10**8)}人",
            f"面积{n(10**4, 10**8)}平方米",
            f"{n(60, 200)}.{n(10, 99)}平米",
            f"坐标{n(73, 136)}.{n(10**6):06d}，{n(18, 54)}.{n(10**6):06d}",
            f"东经{n(118, 123)}.{n(10**4):04d}，北纬{n(27, 31)}.{n(10**4):04d}",
            f"血压{n(100, 190)} {n(60, 100)}，心率{n(60, 120)}",
            f"尺寸{n(100, 199)}*{n(1000, 2999)}*{n(1000, 2999)}毫米",
            f"电表户号{n(10**9, 10**10)}",
            f"水表号{n(10**10, 10**11)}",
            f"发票代码0{n(10**10, 10**11)}",
            f"近三年分别为{n(130, 199)}、{n(1000, 9999)}、{n(1000, 9999)}件",
            f"比分{n(10)}比{n(10)}，第{n(1, 100)}名",
            f"{n(1, 20)}楼{n(1, 5)}个人{n(1, 90)}岁",
            f"占比{n(100)}.{n(10, 99)}%，增长{n(100)}.{n(10)}个百分点",
            f"ISO{n(1000, 99_999)}认证，GB/T {n(1000, 99_999)}-20{n(10, 27)}",
            f"浙ICP备{n(10**7, 10**8)}号",
        )
    )


def kept(draw: Random) -> str:
    before = draw.choice(("", "据称", "去年", "我们小区", "听说，", "群里说", "当时"))
    return f"{before}{other(draw)}{draw.choice(('。', '，请核实', '', '！', '，一直没人管'))}"
