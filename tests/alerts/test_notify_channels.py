"""The books of who was told what: each address and each group once, whatever the others do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alerts.deliver import deliver_once
from alerts.ledger import Ledger
from alerts.links import Links, OfficeLink, name_of
from alerts.notify.channels import CHAT_TRIES, PATIENCE, Channels, send_chats
from alerts.notify.compose import recipients
from alerts.notify.notice import Notice, OfficeAddress
from alerts.unreachable import tell_unreachable
from stream.errors import NotifyError
from stream.worker import ignore
from tests.alerts.mailing import (
    LETTERHEAD,
    NOW,
    OFFICE,
    make_action,
    make_alert,
    make_case,
    make_catalog,
    make_event,
    make_judged,
    make_notice,
)

BOT = "wecombot://k1/"
LINKED = replace(LETTERHEAD, links=Links(b"secret", days=30))
MINUTE = timedelta(minutes=1)


class Post:
    """A mail channel: `refuse` says per address why not, for good or for now."""

    def __init__(self) -> None:
        self.refuse: dict[str, str] = {}
        self.sent: list[tuple[str, ...]] = []
        self.error: NotifyError | None = None

    def send(
        self, office: OfficeAddress, notices: Sequence[Notice], now: datetime, mail_id: str = ""
    ) -> Mapping[str, str]:
        if self.error:
            raise self.error
        to, copies = recipients(LETTERHEAD, office, notices)
        self.sent.append(tuple(one for one in (*to, *copies) if one not in self.refuse))
        return {one: self.refuse[one] for one in (*to, *copies) if one in self.refuse}


def test_each_link_that_goes_out_is_in_the_books_under_the_name_that_its_text_gives(ledger: Ledger) -> None:
    notices = [make_notice(1), make_notice(2), replace(make_notice(3), case=make_case(3, office="zhujian"))]
    Channels(ledger, Post(), LINKED).send(OFFICE, notices, NOW, "m1")
    with ledger.read() as tx:
        found = [tx.links.of_case(one) for one in ("c1", "c2", "c3")]
    assert [[(one.office, one.made_at, one.mail) for one in links] for links in found] == [
        [("renshe", NOW, "m1")],
        [("renshe", NOW, "m1")],
        [],
    ]
    assert LINKED.links is not None
    link = LINKED.links.read(LINKED.links.make("c1", OFFICE.id, NOW), NOW)
    assert isinstance(link, OfficeLink)
    assert name_of(link) == found[0][0].id


class Group:
    """A chat channel that remembers, or fails on command."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.error: NotifyError | None = None

    def send(self, bot: str, text: str) -> None:
        if self.error:
            raise self.error
        self.sent.append((bot, text))


def bots(office: str) -> Sequence[str]:
    return (BOT,)


def chatting(ledger: Ledger, group: Group, now: datetime = NOW) -> int:
    return send_chats(ledger, group, bots, now, stop=lambda: False, count=ignore)


def test_a_mail_that_went_out_is_written_down_address_by_address(ledger: Ledger) -> None:
    post = Post()
    assert Channels(ledger, post, LETTERHEAD).send(OFFICE, [make_notice(1)], NOW, "m1") == {}
    with ledger.read() as tx:
        mail = tx.mails.get("m1")
    assert mail is not None
    assert (mail.office, mail.cases, mail.alerts) == ("renshe", ("c1",), ("new_case:c1",))
    assert set(mail.told) == {"renshe@town.example", "deputy@town.example"}


def test_sent_again_it_goes_only_to_those_that_were_refused_for_now(ledger: Ledger) -> None:
    post = Post()
    post.refuse = {"deputy@town.example": "450 busy"}
    channels = Channels(ledger, post, LETTERHEAD)
    with pytest.raises(NotifyError, match=r"deputy@town\.example 450 busy") as caught:
        channels.send(OFFICE, [make_notice(1)], NOW, "m1")
    assert caught.value.retryable
    post.refuse = {}
    assert channels.send(OFFICE, [make_notice(1)], NOW + MINUTE, "m1") == {}
    assert channels.send(OFFICE, [make_notice(1)], NOW + 2 * MINUTE, "m1") == {}
    assert post.sent == [("renshe@town.example",), ("deputy@town.example",)]


def test_after_an_hour_an_address_that_is_busy_counts_as_refused(ledger: Ledger) -> None:
    post = Post()
    post.refuse = {"deputy@town.example": "450 busy"}
    notice = make_notice(1, alert=make_alert(attempts=PATIENCE))
    assert Channels(ledger, post, LETTERHEAD).send(OFFICE, [notice], NOW, "m1") == post.refuse


def test_an_address_refused_for_good_lies_before_duty_staff(ledger: Ledger) -> None:
    post = Post()
    post.refuse = {"deputy@town.example": "550 moved away"}
    channels = Channels(ledger, post, LETTERHEAD)
    assert channels.send(OFFICE, [make_notice(1)], NOW, "m1") == post.refuse
    channels.send(OFFICE, [make_notice(2)], NOW, "m2")
    with ledger.read() as tx:
        (item,) = tx.replies.open_items()
    assert (item.kind, item.office, item.text) == ("refused", "renshe", "deputy@town.example: 550 moved away")


def test_a_redirected_mail_is_sent_once(ledger: Ledger) -> None:
    post, letterhead = Post(), replace(LETTERHEAD, redirect_to="us@town.example")
    for _ in range(2):
        Channels(ledger, post, letterhead).send(OFFICE, [make_notice(1)], NOW, "m1")
    assert len(post.sent) == 1


def test_the_group_is_told_once_however_often_the_mail_is_tried(ledger: Ledger) -> None:
    post, group = Post(), Group()
    post.error = NotifyError("away", retryable=True)
    channels = Channels(ledger, post, LETTERHEAD, bots)
    with pytest.raises(NotifyError):
        channels.send(OFFICE, [make_notice(1)], NOW, "m1")
    assert chatting(ledger, group) == 1
    post.error = None
    channels.send(OFFICE, [make_notice(1)], NOW + MINUTE, "m1")
    assert chatting(ledger, group, NOW + MINUTE) == 0
    assert len(group.sent) == len(post.sent) == 1


def test_a_group_that_fails_does_not_send_the_mail_again(ledger: Ledger) -> None:
    post, group = Post(), Group()
    group.error = NotifyError("busy", retryable=True)
    Channels(ledger, post, LETTERHEAD, bots).send(OFFICE, [make_notice(1)], NOW, "m1")
    assert chatting(ledger, group) == chatting(ledger, group) == 0
    with ledger.read() as tx:
        (waiting,) = tx.mails.chats()
    assert (waiting.state, waiting.attempts, waiting.why_not) == ("pending", 1, "busy")
    assert waiting.next_try_at is not None
    assert NOW < waiting.next_try_at <= NOW + 2 * MINUTE
    group.error = None
    assert chatting(ledger, group, NOW + 2 * MINUTE) == 1
    assert len(post.sent) == 1


def test_a_group_that_is_gone_lies_before_duty_staff(ledger: Ledger) -> None:
    group = Group()
    group.error = NotifyError("310000", retryable=False)
    Channels(ledger, Post(), LETTERHEAD, bots).send(OFFICE, [make_notice(1)], NOW, "m1")
    chatting(ledger, group)
    with ledger.read() as tx:
        assert [chat.state for chat in tx.mails.chats()] == ["failed"]
        assert [(item.kind, item.text) for item in tx.replies.open_items()] == [("chat", "310000")]
        assert BOT not in repr(tx.mails.chats())


def test_a_group_that_stays_away_is_given_up(ledger: Ledger) -> None:
    group, now, tries = Group(), NOW, 0
    group.error = NotifyError("busy", retryable=True)
    Channels(ledger, Post(), LETTERHEAD, bots).send(OFFICE, [make_notice(1)], NOW, "m1")
    while tries < 50:
        chatting(ledger, group, now)
        tries, now = tries + 1, now + timedelta(hours=2)
    with ledger.read() as tx:
        (chat,) = tx.mails.chats()
    assert (chat.state, chat.attempts) == ("failed", CHAT_TRIES)


def test_a_bot_that_is_no_longer_configured_is_not_told(ledger: Ledger) -> None:
    group = Group()
    Channels(ledger, Post(), LETTERHEAD, bots).send(OFFICE, [make_notice(1)], NOW, "m1")
    assert send_chats(ledger, group, lambda office: (), NOW, stop=lambda: False) == 0
    assert group.sent == []


def filled(ledger: Ledger, **changes: object) -> None:
    with ledger.begin() as tx:
        tx.events.save([make_event(1)], {"e1": b""})
        tx.cases.open(make_case(1), make_action(make_case(1)))
        tx.alerts.add([make_alert(1, **changes)])


def test_a_notice_that_fails_for_good_is_told_to_whoever_stands_above(ledger: Ledger) -> None:
    filled(ledger)
    post = Post()
    post.error = NotifyError("收件人全部被拒: 550", retryable=False)
    channels = Channels(ledger, post, LETTERHEAD)
    assert deliver_once(ledger, make_judged, make_catalog(), channels, NOW).failed == 1
    assert tell_unreachable(ledger, make_catalog(), NOW) == 1
    assert tell_unreachable(ledger, make_catalog(), NOW) == 0
    with ledger.read() as tx:
        alert = tx.alerts.get("unreachable:renshe:20261125")
        (item,) = tx.replies.open_items()
    assert alert is not None
    assert (alert.office, alert.title, alert.case_id) == ("gov", "人力资源和社会保障局收不到通知", "")
    assert "1 条通知未能送达（收件人全部被拒: 550）" in alert.reason
    assert (item.kind, item.office) == ("unreachable", "renshe")
    post.error = None
    assert deliver_once(ledger, make_judged, make_catalog(), channels, NOW + MINUTE).sent == 1
    assert post.sent == [("gov@town.example",)]


def test_a_notice_that_waited_for_hours_is_told_of_and_one_that_just_failed_is_not(ledger: Ledger) -> None:
    filled(ledger, attempts=3)
    assert tell_unreachable(ledger, make_catalog(), NOW) == 0
    with ledger.begin() as tx:
        tx.alerts.add([make_alert(2, id="late", attempts=8, why_not="无法连接；邮件编号 ab")])
    assert tell_unreachable(ledger, make_catalog(), NOW) == 1


def test_above_the_highest_office_there_is_only_the_staff_on_duty(ledger: Ledger) -> None:
    filled(ledger, office="gov", state="failed", why_not="550")
    assert tell_unreachable(ledger, make_catalog(), NOW) == 0
    with ledger.read() as tx:
        assert [item.office for item in tx.replies.open_items()] == ["gov"]
