"""Which numbers of a text are harm, and what follows from them."""

import pytest

from classify.clean import fold
from classify.severity import Found, SeverityReader, to_facts
from configs.severity import load_severity
from stream.messages import Facts

READER = SeverityReader(load_severity())


def read(text: str) -> list[Found]:
    return READER.read([fold(text)], [text], "text")[0]


HARM = [
    ("昨夜工地坍塌，造成3人死亡、5人受伤。", Facts(deaths=3, injured=5)),
    ("高速追尾一死两伤", Facts(deaths=1, injured=2)),
    ("一名工人经抢救无效死亡", Facts(deaths=1)),
    ("锅炉爆炸，死亡２人", Facts(deaths=2)),
    ("拖欠三十余名农民工工资共计230万元", Facts(people=30, money=2_300_000)),
    ("平台跑路，近百户业主被骗2.3亿", Facts(households=100, money=230_000_000)),
    ("食堂吃坏了，5名学生呕吐送医", Facts(injured=5)),
    ("十多万本金取不出来", Facts(money=100_000)),
    ("整栋楼六十余户停水三天", Facts(households=60)),
    ("30名\u200b工人工资被拖欠", Facts(people=30)),
]


@pytest.mark.parametrize(("text", "facts"), HARM)
def test_numbers_of_harm_are_read(text: str, facts: Facts) -> None:
    assert to_facts(read(text)) == facts


@pytest.mark.parametrize(
    "text",
    [
        "事故未造成人员伤亡",
        "工程预算1380万元，明年开工",
        "学校组织消防演练，模拟3人受伤",
        "如果再不修，可能造成3人死亡",
        "谣言：网传某厂5人死亡",
        "二〇二六年十一月二十五日",
        "请拨打12345市民热线投诉",
        "第三名工人说没有拿到工资",
        "招聘50名工人，包吃住",
        "补贴惠及3000户居民",
        "九死一生",
        "",
    ],
)
def test_what_is_no_harm_is_no_fact(text: str) -> None:
    assert to_facts(read(text)) == Facts()


def test_the_phrase_stands_where_it_says() -> None:
    text = "听说２０\u200b０户业主被骗。"
    (found,) = read(text)
    assert text[found.start : found.end] == found.phrase == "２０\u200b０户"


@pytest.mark.parametrize(
    ("text", "floor"),
    [
        ("造成1人死亡", 4),
        ("造成4人受伤", 4),
        ("造成1人受伤", 3),
        ("拖欠30名工人工资", 3),
        ("拖欠5名工人工资", 1),
        ("被骗12万元", 3),
        ("被骗5000元", 1),
    ],
)
def test_the_floor_follows_the_rules_and_gives_its_source(text: str, floor: int) -> None:
    level, reasons = READER.floor(read(text))
    assert level == floor
    assert all(reason.rule and reason.source and reason.answer == f"severity:{floor}" for reason in reasons)
    assert bool(reasons) == (floor > 1)


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        ("造成30人死亡", "特别重大"),
        ("造成10人死亡", "重大"),
        ("造成3人死亡", "较大"),
        ("造成12人受伤", "一般"),
        ("造成12人重伤", "较大"),
        ("造成120人重伤", "特别重大"),
        ("食堂吃坏了，35名学生呕吐就诊", "一般"),
        ("食堂吃坏了，5名学生呕吐就诊", None),
        ("食堂吃坏了，104名学生呕吐送医", "较大"),
        ("聚餐后120人食物中毒，1人抢救无效", "重大"),
        ("造成1人死亡，损失6000万元", "重大"),
        ("造成2人死亡", "一般"),
        ("平台跑路，被骗2.3亿", None),
        ("拖欠300名工人工资", None),
    ],
)
def test_the_statutory_grade_needs_dead_or_injured(text: str, grade: str | None) -> None:
    assert READER.grade(read(text)) == grade


def test_a_batch_keeps_texts_apart() -> None:
    texts = ["造成", "3人死亡", "", "造成3人死亡"]
    found = READER.read([fold(text) for text in texts], texts, "title")
    assert [len(one) for one in found] == [0, 1, 0, 1]
    assert found[3][0].field == "title"


@pytest.mark.parametrize(
    ("text", "floor"),
    [
        ("她站在楼顶要跳楼", 4),
        ("人还在抢救", 3),
        ("楼板坍塌", 3),
        ("要是坍塌了谁负责", 1),
        ("防止坍塌", 1),
        ("消防演练，模拟有人昏迷，抢救及时", 1),
        ("严重伤害了群众感情", 1),
    ],
)
def test_words_of_danger_lift_without_a_number(text: str, floor: int) -> None:
    level, reasons = READER.floor(read(text))
    assert level == floor
    assert bool(reasons) == (floor > 1)
    assert to_facts(read(text)) == Facts()


def test_the_dead_of_former_years_weigh_less_and_decide_no_grade() -> None:
    found = read("前年这个水塘溺亡过一名高中生")
    level, (reason,) = READER.floor(found)
    assert (level, READER.grade(found), to_facts(found)) == (3, None, Facts(deaths=1))
    assert "低一级" in reason.rule
    assert READER.floor(read("昨天这个水塘溺亡一名高中生"))[0] == 4


def test_the_sick_whom_nobody_had_to_treat_weigh_less() -> None:
    assert READER.floor(read("班上十几个孩子拉肚子"))[0] == 3
    assert READER.floor(read("班上十几个孩子拉肚子住院"))[0] == 4
    assert READER.grade(read("40名学生腹泻")) == "一般"


def test_a_drill_elsewhere_in_the_text_does_not_unsay_a_disaster() -> None:
    text = "厂里的安全制度都在墙上，出事之前我们反映过很多次，车间主任每次都说再等等，先把订单做完再说吧，大家也没有办法。昨天炸了，3人死亡。从来没搞过演练。"
    assert to_facts(read(text)) == Facts(deaths=3)


def test_the_dead_of_a_cheat_are_not_counted_but_those_of_the_swindle_are() -> None:
    told = "老人急着汇款20万元，称“孙子撞死了人要赔”。民警联系到正在上课的孙子，骗局不攻自破。"
    assert to_facts(read(told)).deaths is None
    assert to_facts(read("骗子谎称孙子撞死了人，让老人拿钱消灾")).deaths is None
    assert to_facts(read("被诈骗的老人第二天跳楼身亡，留下一句“对不起”")).deaths == 1
    assert to_facts(read("老人哭着说“我被骗了30万元”，警方已立案侦办这起诈骗案")).money == 300_000
    assert to_facts(read("家属称“孩子被车撞死了”，至今没有说法")).deaths == 1


def test_a_sum_is_not_multiplied() -> None:
    assert to_facts(read("每人平均被骗3万元，共200户被骗")) == Facts(households=200, money=30_000)
