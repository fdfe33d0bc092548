"""What every ledger does with mails, chat messages, replies, items for duty staff and files."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from alerts.ledger import Ledger
from alerts.ledger.mails import Chat, Mail
from alerts.ledger.office_links import SentLink
from alerts.ledger.replies import Attachment, DutyItem, Reply
from tests.contract.ledger_base import WithLedger

AT = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)
LATER = AT + timedelta(minutes=5)
MAIL = Mail("m1", "renshe", AT, ("c1", "c2"), ("a1",))
CHAT = Chat("m1:bot", "renshe", "bot", "现有 1 件", AT)


class DeliveryContract(WithLedger):
    def test_a_mail_keeps_whom_it_reached_when_it_begins_again(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            assert tx.mails.begin(MAIL) == MAIL
            tx.mails.told("m1", ["a@x.example"], AT)
            tx.mails.told("m1", ["a@x.example", "b@x.example"], LATER)
        with ledger.begin() as tx:
            again = tx.mails.begin(MAIL)
        assert again.told == {"a@x.example": AT.isoformat(), "b@x.example": LATER.isoformat()}
        assert (again.cases, again.alerts) == (("c1", "c2"), ("a1",))

    def test_a_mail_that_came_back_says_from_where(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            tx.mails.begin(MAIL)
            after = tx.mails.bounced("m1", "a@x.example", "550")
            assert tx.mails.bounced("none", "a@x.example", "550") is None
        assert after is not None
        assert after.bounced == {"a@x.example": "550"}

    def test_a_link_is_revoked_once_and_alone(self, ledger: Ledger) -> None:
        first, second = SentLink("l1", "c1", "renshe", AT, "m1"), SentLink("l2", "c1", "renshe", LATER, "m2")
        with ledger.begin() as tx:
            tx.links.add([first, second])
            tx.links.add([replace(first, office="gov")])
            assert tx.links.revoke(first, "wang", LATER, "误转发")
            assert not tx.links.revoke(first, "li", LATER, "误转发")
            assert tx.links.revoke(SentLink("l3", "c2", "gov", AT), "wang", LATER, "误转发"), "one that no book knows"
        with ledger.read() as tx:
            assert tx.links.of_case("c1") == [
                second,
                replace(first, revoked_at=LATER, revoked_by="wang", reason="误转发"),
            ]
            assert [tx.links.is_revoked(one) for one in ("l1", "l2", "l3", "l4")] == [True, False, True, False]
            assert tx.links.get("l4") is None

    def test_a_chat_message_is_queued_once_and_taken_by_one(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            assert [tx.mails.queue([CHAT]), tx.mails.queue([CHAT]), tx.mails.queue([])] == [1, 0, 0]
        with ledger.begin() as tx:
            taken = tx.mails.take_chat(AT, LATER)
            assert taken is not None
            assert replace(taken, next_try_at=None) == CHAT
        with ledger.begin() as tx:
            assert tx.mails.take_chat(AT, LATER) is None
            assert tx.mails.take_chat(LATER, LATER) is not None
            tx.mails.chat_sent(CHAT.id)
            assert tx.mails.take_chat(LATER, LATER) is None
        with ledger.read() as tx:
            assert [(chat.state, chat.attempts) for chat in tx.mails.chats("sent")] == [("sent", 1)]

    def test_a_chat_message_that_failed_comes_again_or_not(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            tx.mails.queue([CHAT])
            tx.mails.chat_failed(CHAT.id, "busy", LATER)
            assert tx.mails.take_chat(AT, LATER) is None
            tx.mails.chat_failed(CHAT.id, "gone", None)
            assert tx.mails.take_chat(LATER, LATER) is None
            assert [(chat.state, chat.why_not) for chat in tx.mails.chats("failed")] == [("failed", "gone")]

    def test_a_reply_is_added_once(self, ledger: Ledger) -> None:
        reply = Reply("<r@x>", "7:1", AT, "renshe", "c1", "answer")
        with ledger.begin() as tx:
            assert tx.replies.add(reply)
            assert not tx.replies.add(replace(reply, place="8:1"))
            tx.replies.asked_back("<r@x>", LATER)
            assert tx.replies.get("<r@x>") == replace(reply, answered_at=LATER)
            assert tx.replies.get("<other@x>") is None

    def test_an_item_is_ended_by_one_person(self, ledger: Ledger) -> None:
        item = DutyItem("i1", AT, "unmatched", "来信")
        with ledger.begin() as tx:
            assert [tx.replies.add_items([item, item]), tx.replies.add_items([item])] == [1, 0]
            assert tx.replies.open_items() == [item]
            assert tx.replies.finish_item("i1", "duty", LATER, "已转")
            assert not tx.replies.finish_item("i1", "other", LATER, "")
            assert tx.replies.open_items() == []
            assert tx.replies.item("i1") == replace(item, done_at=LATER, done_by="duty", note="已转")

    def test_a_file_belongs_to_its_case_once(self, ledger: Ledger) -> None:
        file = Attachment("c1:ab", "c1", "ab", "回执.pdf", 3, AT, "renshe")
        with ledger.begin() as tx:
            assert tx.replies.add_file(file)
            assert not tx.replies.add_file(replace(file, name="other.pdf"))
            assert tx.replies.add_file(replace(file, id="c2:ab", case_id="c2"))
            assert tx.replies.files("c1") == [file]
            assert tx.replies.count_files("c1") == 1
