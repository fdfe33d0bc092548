"""Near copies are linked to the first of them; what only looks alike is not."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from classify.chains import Chains
from classify.dedupe import NearCopies
from classify.shingles import shingle
from stream.messages import Post

NOW = datetime(2026, 11, 25, tzinfo=UTC)
LETTER = (
    "碧湖澜庭小区从上周一开始每天晚上停水，物业先说是水泵坏了，后来又说是自来水公司检修，问哪一边都推给另一边。"
    "楼里有老人和刚满月的孩子，每天只能下楼排队提水，请有关部门尽快协调，给住户一个准信。"
)


def post(number: str, text: str, title: str = "") -> Post:
    return Post(number, "board", "message", title, text, NOW, NOW)


def link(*texts: str) -> list[str]:
    return NearCopies(1000).link([post(str(n), text) for n, text in enumerate(texts)])


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        (LETTER, True),
        (f"转：{LETTER}", True),
        (LETTER.replace("，", " , ").replace("。", "！！\n"), True),  # other marks
        ("\u200b".join(LETTER), True),  # invisible characters
        (LETTER.replace("上周一", "上周二"), True),
        (LETTER[: len(LETTER) * 2 // 3], True),  # cut, as forwarding does
        (LETTER[: len(LETTER) // 2], False),
        (LETTER.replace("楼里有", "我家也是这样，打了好几次电话都没有结果。楼里有"), True),
        (
            LETTER.replace("碧湖澜庭", "香樟名苑").replace("上周一", "前天").replace("刚满月的孩子", "要高考的学生"),
            False,
        ),
        ("😡".join(LETTER), True),
        (LETTER.replace("从", "從").replace("来", "來").replace("说", "說"), True),
        (
            LETTER.replace("停水", "停电")
            .replace("水泵坏了", "电缆烧了")
            .replace("自来水公司", "供电所")
            .replace("提水", "爬楼"),
            False,
        ),
        ("地铁站出口的共享单车堆成山，早高峰根本走不出去，建议划一块停放区，晚上安排人清一清，谢谢。", False),
    ],
)
def test_what_repeats_a_letter(other: str, alike: bool) -> None:
    assert link(LETTER, other) == ["", "0" if alike else ""]


def test_all_copies_name_the_first_one() -> None:
    copies = [f"{head}{LETTER}" for head in ("转：", "求扩散", "", "帮邻居发")]
    assert link(LETTER, *copies) == ["", "0", "0", "0", "0"]


def test_a_template_with_other_places_and_numbers_is_no_copy() -> None:
    form = "来电人反映{place}{road}路灯{n}盏不亮，要求{office}修复。"
    first = form.format(place="瓯海区", road="榕树路", n=3, office="路灯所")
    second = form.format(place="龙湾区", road="海滨大道", n=12, office="市政处")
    assert link(first, second) == ["", ""]


def test_very_short_texts_repeat_only_word_for_word() -> None:
    assert link("停水三天了！", "停水三天了", "停水四天了", "停水三天了没人管", "停水 三天了。") == [
        "",
        "0",
        "",
        "",
        "0",
    ]


def test_posts_without_a_letter_are_never_linked() -> None:
    assert link("", "", "。。。", "。。。", "😀😀") == ["", "", "", "", ""]


def test_a_long_text_is_compared_without_its_title() -> None:
    near = NearCopies(100)
    assert near.link([post("a", LETTER, "停水"), post("b", LETTER, "我们小区到底什么时候来水")]) == ["", "a"]


def test_an_id_seen_again_gets_the_same_answer() -> None:
    near = NearCopies(100)
    batch = [post("a", LETTER), post("b", f"转：{LETTER}"), post("c", "请问公租房怎么申请，需要哪些材料，在哪里办")]
    first = near.link(batch)
    assert first == ["", "a", ""]
    assert near.link(batch) == first
    assert near.link(batch[::-1]) == first[::-1]


def test_batches_and_single_posts_give_the_same() -> None:
    rng = random.Random(7)
    words = ["停水", "停电", "路灯", "物业", "噪声", "油烟", "工资", "公交", "学校", "医院", "垃圾", "电梯"]
    texts = ["，".join(rng.choices(words, k=20)) for _ in range(40)]
    posts = [post(str(n), text) for n, text in enumerate(texts * 2)]
    one_by_one, whole = NearCopies(200), NearCopies(200)
    assert [one_by_one.link([one])[0] for one in posts] == whole.link(posts)
    assert whole.link(posts)[40:] == [str(n) for n in range(40)]


def test_the_oldest_leave() -> None:
    near = NearCopies(10)
    near.link([post("a", LETTER)])
    near.link([post(f"n{n}", f"第{n}号楼的电梯昨天晚上又坏了，{n * 7919}层的住户走不上去") for n in range(9)])
    assert near.link([post("b", LETTER)]) == ["a"]
    near.link([post(f"m{n}", f"公交{n * 104729}路改线以后，住在{n}村的学生要走半小时") for n in range(10)])
    assert near.link([post("c", LETTER)]) == [""]
    assert near.link([post("d", LETTER)]) == ["c"]


def test_every_pair_above_the_threshold_is_found_and_no_other() -> None:
    rng = random.Random(11)
    letters = [chr(0x4E00 + n) for n in range(600)]
    base = ["".join(rng.choices(letters, k=120)) for _ in range(60)]
    changed = []
    for text in base:
        chars = list(text)
        for place in rng.sample(range(120), rng.randint(1, 16)):
            chars[place] = rng.choice(letters)
        changed.append("".join(chars))
    answers = NearCopies(1000).link([post(str(n), text) for n, text in enumerate([*base, *changed])])[60:]
    truly = [str(n) if _similarity(a, b) >= 0.8 else "" for n, (a, b) in enumerate(zip(base, changed, strict=True))]
    sure = [n for n, (a, b) in enumerate(zip(base, changed, strict=True)) if abs(_similarity(a, b) - 0.8) > 0.02]
    assert [answers[n] for n in sure] == [truly[n] for n in sure]
    assert 10 < sum(map(bool, truly)) < 50


def _similarity(a: str, b: str) -> float:
    one, two = ({text[n : n + 3] for n in range(len(text) - 2)} for text in (a, b))
    return len(one & two) / len(one | two)


def test_shingles_of_an_empty_batch_and_of_marks_only() -> None:
    assert shingle([]).letters == []
    assert shingle(["。", ""]).letters == [0, 0]


def test_chains_forget_and_tell_keys_apart() -> None:
    chains = Chains(3)
    for item, key in enumerate((5, 5, 5 + (1 << 20), 5), start=1):
        chains.add(key, item)
    assert list(chains.find(5, 4, 10)) == [4, 2]
    assert list(chains.find(5, 4, 1)) == [4]
    assert list(chains.find(6, 4, 10)) == []
