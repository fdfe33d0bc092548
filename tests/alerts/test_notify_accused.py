"""信访工作条例 art. 30: no mail to an office, or to a branch of it, holds anything of the posts that accuse it."""

from __future__ import annotations

from collections.abc import Sequence
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from alerts.deliver import deliver_once
from alerts.ledger import Ledger
from alerts.model import EventPost
from alerts.notify import OutboxFolder
from alerts.notify.words import UNREAD, WITHHELD
from stream.errors import Unavailable
from stream.messages import Judged
from tests.alerts.mailing import (
    LETTERHEAD,
    NOW,
    make_action,
    make_alert,
    make_case,
    make_catalog,
    make_event,
    make_judged,
)

ACCUSING = make_judged("bad", "我们去了五次，人社局一再推诿，包庇老板。", title="人社局推诿扯皮没人管")
PLAIN = make_judged("good", "工地三十个人四个月没有发工资。", title="云溪苑工地拖欠三十人工资")
OTHER = make_judged("more", "年关将近，工友们都等着钱回家。", title="工友等钱回家")
NEUTRAL = "金华市义乌市工资拖欠与劳动权益类事项"


def link(judged: Judged, accuses: tuple[str, ...] = ()) -> EventPost:
    return EventPost(judged.post.id, "e1", judged.post.published_at, "board", 4, 1.0, accuses=accuses)


def mail(
    ledger: Ledger,
    folder: Path,
    links: Sequence[EventPost],
    *,
    office: str = "renshe",
    title: str = PLAIN.post.title,
    why: tuple[str, ...] = ("事项属于工资拖欠",),
    kept: Sequence[Judged] = (ACCUSING, PLAIN, OTHER),
    representatives: tuple[str, ...] = ("bad", "good"),
) -> str:
    """Subject, text and HTML of the only mail that the office gets."""
    event = make_event(title=title, representatives=representatives)
    case = make_case(title=title, office=office, why=why)
    with ledger.begin() as tx:
        tx.events.save([event], {})
        tx.events.link(links)
        tx.cases.open(case, make_action(case))
        tx.alerts.add([make_alert(office=office, title=title, posts=representatives)])
    archive = {one.post.id: one for one in kept}
    assert deliver_once(ledger, archive.get, make_catalog(), OutboxFolder(folder, LETTERHEAD), NOW).sent == 1
    (file,) = folder.glob("*.eml")
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    bodies = [message.get_body((kind,)) for kind in ("plain", "html")]
    return "\n".join([str(message["Subject"]), *(str(body.get_content()) for body in bodies if body)])


@pytest.mark.parametrize("office", ["renshe", "renshe@330782"])
def test_the_accused_sees_the_others_only(ledger: Ledger, tmp_path: Path, office: str) -> None:
    said = mail(ledger, tmp_path, [link(ACCUSING, ("renshe",)), link(PLAIN)], office=office)
    assert "推诿" not in said
    assert "/bad" not in said
    assert said.count(PLAIN.post.text) == 2, "in text and HTML"
    assert WITHHELD not in said, "nothing tells the office that it was accused"
    assert PLAIN.post.title in said, "the title is of a post that accuses nobody"


def test_an_office_that_is_not_accused_sees_all(ledger: Ledger, tmp_path: Path) -> None:
    said = mail(ledger, tmp_path, [link(ACCUSING, ("renshe",)), link(PLAIN)], office="gov", title=ACCUSING.post.title)
    assert said.count(ACCUSING.post.text) == 2
    assert ACCUSING.post.title in said


@pytest.mark.parametrize(
    "title", ["人社局推诿扯皮没人管", "人社局推诿扯皮…", "我们去了五次 人社局一再推诿", "我们去了五次"]
)
def test_a_title_from_an_accusing_post_gives_way_to_topic_and_place(ledger: Ledger, tmp_path: Path, title: str) -> None:
    said = mail(ledger, tmp_path, [link(ACCUSING, ("renshe",)), link(PLAIN)], title=title)
    assert title.rstrip("…") not in said
    assert said.count(NEUTRAL) == 3, "in the subject, the text and the HTML"


def test_where_all_accuse_the_mail_says_that_the_originals_are_withheld(ledger: Ledger, tmp_path: Path) -> None:
    said = mail(ledger, tmp_path, [link(ACCUSING, ("renshe",))], representatives=("bad",))
    assert said.count(WITHHELD) == 2
    assert "第三十条" in said
    assert "推诿" not in said


def test_others_of_the_event_stand_in_for_the_representatives(ledger: Ledger, tmp_path: Path) -> None:
    said = mail(ledger, tmp_path, [link(ACCUSING, ("renshe",)), link(OTHER)], representatives=("bad",))
    assert said.count(OTHER.post.text) == 2
    assert WITHHELD not in said


def test_the_text_counts_where_the_ledger_does_not_know_the_post(ledger: Ledger, tmp_path: Path) -> None:
    said = mail(ledger, tmp_path, [])
    assert "推诿" not in said
    assert said.count(PLAIN.post.text) == 2


def test_no_title_is_shown_when_the_accusing_post_cannot_be_read_any_more(ledger: Ledger, tmp_path: Path) -> None:
    said = mail(ledger, tmp_path, [link(ACCUSING, ("renshe",)), link(PLAIN)], kept=[PLAIN])
    assert PLAIN.post.title not in said.splitlines()[0]
    assert NEUTRAL in said


def test_the_grounds_of_the_dispatch_do_not_quote_the_accusation_to_the_accused(ledger: Ledger, tmp_path: Path) -> None:
    why = (
        "事项属于工资拖欠",
        "文中“人社局一再推诿”直接指向人力资源和社会保障局(信访工作条例第三十条: 检举控告材料不得转给被检举控告的单位)。",
        "因此不列人力资源和社会保障局为协办单位。",
    )
    said = mail(ledger, tmp_path, [link(ACCUSING, ("renshe",)), link(PLAIN)], why=why)
    assert "事项属于工资拖欠" in said
    assert "指向" not in said
    assert "不列" not in said


def test_a_mail_without_archived_posts_claims_nothing(ledger: Ledger, tmp_path: Path) -> None:
    said = mail(ledger, tmp_path, [link(PLAIN)], kept=[])
    assert WITHHELD not in said
    assert PLAIN.post.title in said


def test_the_ledger_tells_which_posts_accuse_an_office(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.events.save([make_event(), make_event(2)], {})
        tx.events.link([link(ACCUSING, ("renshe", "gov")), link(PLAIN), link(OTHER, ("zhujian",))])
    with ledger.read() as tx:
        assert tx.events.accusing("e1", "renshe") == {"bad"}
        assert tx.events.accusing("e1", "zhujian") == {"more"}
        assert tx.events.accusing("e2", "renshe") == frozenset()


def test_while_the_archive_is_away_the_accused_learns_neither_the_words_nor_that_there_are_any(
    ledger: Ledger, tmp_path: Path
) -> None:
    """The second mail, a few minutes later, goes without what could not be read."""

    def away(post_id: str) -> Judged | None:
        raise Unavailable("检索库连不上")

    title = ACCUSING.post.title
    event, case = make_event(title=title, representatives=("bad", "good")), make_case(title=title)
    with ledger.begin() as tx:
        tx.events.save([event], {})
        tx.events.link([link(ACCUSING, ("renshe",)), link(PLAIN)])
        tx.cases.open(case, make_action(case))
        tx.alerts.add([make_alert(title=title, posts=("bad", "good"), attempts=2)])
    assert deliver_once(ledger, away, make_catalog(), OutboxFolder(tmp_path, LETTERHEAD), NOW).sent == 1
    (file,) = tmp_path.glob("*.eml")
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    bodies = [message.get_body((kind,)) for kind in ("plain", "html")]
    said = "\n".join([str(message["Subject"]), *(str(body.get_content()) for body in bodies if body)])
    assert "推诿" not in said
    assert WITHHELD not in said
    assert (said.count(NEUTRAL), said.count(UNREAD)) == (3, 2)
