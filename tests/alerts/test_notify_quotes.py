"""Evidence: exact pieces of stored posts, from different sources where there are any."""

from __future__ import annotations

from alerts.notify.quotes import LENGTH, quotes_from, telling_part
from stream.messages import Reason
from tests.alerts.mailing import make_judged

NAMES = {"board": "留言板", "forum": "论坛"}


def test_sources_take_turns() -> None:
    posts = [make_judged("a"), make_judged("b"), make_judged("c"), make_judged("d", source="forum")]
    assert [quote.post_id for quote in quotes_from(posts, NAMES)] == ["a", "d", "b"]
    assert quotes_from(posts, NAMES)[1].source == "论坛"


def test_copies_are_quoted_only_for_want_of_others() -> None:
    copy, advert = make_judged("a", near_copy_of="x"), make_judged("b", set_aside="advert")
    assert [quote.post_id for quote in quotes_from([copy, advert, make_judged("c")], NAMES)] == ["c"]
    assert [quote.post_id for quote in quotes_from([copy, advert], NAMES)] == ["a"]


def test_posts_without_words_are_not_quoted() -> None:
    assert quotes_from([make_judged("a", "  ", title="")], NAMES) == ()
    assert quotes_from([make_judged("a", "", title="只有标题")], NAMES)[0].text == "只有标题"


def test_a_long_post_is_cut_around_the_gravest_phrase() -> None:
    before = "前情提要很长一段话。" * 40
    text = f"{before}昨天有人从架子上摔下来送医。{'后来的事。' * 60}"
    start = text.index("摔下来")
    reason = Reason("severity:4", "摔下来", "text", start, start + 3, 1.0)
    piece = telling_part(make_judged(text=text, reasons=(reason, Reason("topic:wages", "前情", "text", 0, 2, 9.0))))
    assert "昨天有人从架子上摔下来送医。" in piece
    assert piece.startswith("…")
    assert piece.endswith("…")
    assert piece.strip("…") in text
    assert len(piece) <= LENGTH + 2


def test_a_phrase_that_is_not_in_the_text_leaves_the_beginning() -> None:
    text = "没有标点的一长串话" * 40
    assert telling_part(make_judged(text=text, reasons=(Reason("severity:4", "别处", weight=1.0),))).startswith(
        "没有标点"
    )


def test_a_phrase_deep_in_a_text_without_stops_is_in_the_quote() -> None:
    text = "无" * 300 + "爆炸" + "了" * 300
    assert "爆炸" in telling_part(make_judged(text=text, reasons=(Reason("severity:4", "爆炸", weight=1.0),)))


def test_a_post_cannot_smuggle_a_script_address() -> None:
    assert quotes_from([make_judged(url="javascript:alert(1)")], NAMES)[0].url == ""
