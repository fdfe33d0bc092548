"""The planted stories: told in full, in different words, each post findable by the name of its place."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from itertools import combinations

import pytest

from app.demo.stories import StoryPost, load_stories
from app.demo.texts import load_noise, load_texts

SIZES = {"wages": 12, "canteen": 25, "estate": 38, "river": 16, "gas": 10, "fund": 20, "live": 12}

# provinces and large cities outside Zhejiang; a noise post that names one has no business in this town
ELSEWHERE = re.split(
    r"\s+",
    """北京 天津 上海 重庆 河北 山西 辽宁 吉林 黑龙江 江苏 安徽 福建 江西 山东 河南 湖北
    湖南 广东 海南 四川 贵州 云南 陕西 甘肃 青海 台湾 内蒙古 广西 西藏 新疆 香港 澳门
    成都 武汉 昆明 南京 长沙 西安 南昌 广州 郑州 哈尔滨 合肥 苏州 沈阳 深圳 贵阳 无锡
    洛阳 石家庄 赣州 南宁 株洲 泉州 福州 太原 厦门 青岛 济南 大连 长春 兰州 银川 西宁
    海口 东莞 佛山 常州 徐州 南通 唐山 保定 邯郸 遵义 绵阳 桂林 芜湖 阜阳 九江 上饶 宜昌
    襄阳 衡阳 岳阳 汕头 珠海 中山市 惠州 湛江 烟台 潍坊 临沂 淄博 商丘 信阳 周口 驻马店
    毕节 昭通 大理 三亚""",
)


@pytest.mark.parametrize("key", SIZES)
def test_a_story_has_its_number_of_posts(key: str) -> None:
    assert len(load_stories()[key].posts) == SIZES[key]


@pytest.mark.parametrize("key", SIZES)
def test_every_post_of_a_story_carries_a_name_of_its_place(key: str) -> None:
    story = load_stories()[key]
    nameless = [post.text for post in story.posts if not any(name in post.title + post.text for name in story.names)]
    assert nameless == []


@pytest.mark.parametrize("key", SIZES)
def test_a_story_is_told_on_several_sources(key: str) -> None:
    assert len({post.source for post in load_stories()[key].posts}) >= 4


def test_no_two_story_posts_are_near_copies() -> None:
    posts = [post for story in load_stories().values() for post in story.posts]
    alike = [(a.text[:20], b.text[:20]) for a, b in combinations(posts, 2) if _alike(a.text, b.text)]
    assert alike == []


def _alike(a: str, b: str) -> bool:
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    return matcher.real_quick_ratio() > 0.6 and matcher.quick_ratio() > 0.6 and matcher.ratio() > 0.6


def test_names_of_one_story_stay_out_of_the_others_and_of_the_noise() -> None:
    stories = load_stories()
    elsewhere = "\n".join(note.title + note.text for note in load_noise())
    for key, story in stories.items():
        others = "\n".join(post.title + post.text for k, s in stories.items() if k != key for post in s.posts)
        assert [name for name in story.names if name in others or name in elsewhere] == []


def test_a_forum_reply_follows_the_post_it_answers() -> None:
    for story in load_stories().values():
        seen: set[str] = set()
        for post in story.posts:
            assert not post.to or post.to in seen, post.text
            seen.add(post.key)


def test_some_story_posts_carry_a_phone_number_that_masking_can_show() -> None:
    texts = [post.text for story in load_stories().values() for post in story.posts]
    numbers = [found for text in texts for found in re.findall(r"(?<!\d)1\d{10}(?!\d)", text)]
    assert len(numbers) >= 6
    assert all(number[3:7] == "0000" for number in numbers), "only numbers that are plainly invented"


def test_a_post_without_a_time_is_refused() -> None:
    with pytest.raises(ValueError, match="day\\+at、ago、after"):
        StoryPost(source="board", text="没有时间")


def test_no_noise_comes_from_outside_zhejiang() -> None:
    strangers = [
        (name, note.text[:30]) for note in load_noise() for name in ELSEWHERE if name in f"{note.title}\n{note.text}"
    ]
    assert strangers == []


def test_noise_has_every_topic_and_few_repeats() -> None:
    noise = load_noise()
    assert len({note.topic for note in noise}) == 20
    assert len({note.text for note in noise}) == len(noise)
    assert len([note for note in noise if note.use == "history"]) >= 1700
    assert len([note for note in noise if note.use == "live"]) >= 500


def test_adverts_are_varied_and_replies_cover_the_topics() -> None:
    texts = load_texts()
    assert len({advert.text for advert in texts.adverts}) == len(texts.adverts) >= 25
    topics = {note.topic for note in load_noise()} - {"none"}
    assert set(texts.replies) == set(texts.offices) == topics
