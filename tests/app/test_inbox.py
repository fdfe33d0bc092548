"""The mailbox over a real IMAP dialogue, from the mail that lies there to the case that it answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from alerts.ledger.mails import Mail
from alerts.mailbox import LARGEST, Mailbox
from app.inbox import read_inbox
from app.wire import House, open_house
from stream.errors import Unavailable
from stream.worker import ignore
from tests.alerts.answering import MAIL, reply
from tests.alerts.imap_double import Box, serving
from tests.alerts.mailing import make_action, make_case, make_event

NOW = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)
OWN = "renshe@minsheng.example"


@pytest.fixture
def box() -> Iterator[Box]:
    with serving() as running:
        yield running


@pytest.fixture
def house(tmp_path: Path, box: Box) -> Iterator[House]:
    env = {
        "MINSHENG_DATA": str(tmp_path),
        "MINSHENG_IMAP__HOST": "127.0.0.1",
        "MINSHENG_IMAP__PORT": str(box.port),
        "MINSHENG_IMAP__SECURITY": "none",
        "MINSHENG_IMAP__USER": "desk",
        "MINSHENG_IMAP__PASSWORD": "right",
        "MINSHENG_IMAP__TIMEOUT": "5",
    }
    opened = open_house(env, now=lambda: NOW)
    with opened.ledger.begin() as tx:
        tx.events.save([make_event(1)], {"e1": b""})
        case = replace(make_case(1), state="dispatched")
        tx.cases.open(case, make_action(case))
        tx.mails.begin(Mail(MAIL, "renshe", NOW, ("c1",)))
    yield opened
    opened.close()


def state(house: House) -> str:
    with house.ledger.read() as tx:
        case = tx.cases.get("c1")
    assert case is not None
    return case.state


def test_an_answer_in_the_mailbox_reaches_its_case_once(house: House, box: Box) -> None:
    box.put(reply("已核实，联系人手机13812345678。", sender=OWN))
    assert read_inbox(house, NOW, ignore) == 1
    assert state(house) == "answered"
    assert box.seen == [1]
    assert read_inbox(house, NOW, ignore) == 0
    with house.ledger.read() as tx:
        actions = tx.cases.actions("c1")
    assert len(actions) == 2
    assert "13812345678" not in actions[-1].note


def test_a_mailbox_that_was_made_anew_is_read_again_without_doing_anything_twice(house: House, box: Box) -> None:
    box.put(reply(sender=OWN))
    read_inbox(house, NOW, ignore)
    box.validity = 8
    assert read_inbox(house, NOW + timedelta(days=9), ignore) == 1
    assert set(box.since) == {"24-Nov-2026"}
    with house.ledger.read() as tx:
        assert len(tx.cases.actions("c1")) == 2


def test_a_mail_that_is_too_large_is_not_fetched_and_not_lost(house: House, box: Box) -> None:
    box.sizes[box.put(b"x")] = LARGEST + 1
    read_inbox(house, NOW, ignore)
    assert box.fetched == []
    with house.ledger.read() as tx:
        assert [item.kind for item in tx.replies.open_items()] == ["too_big"]


def test_a_mail_that_cannot_be_handled_is_not_lost_and_holds_up_no_other(
    house: House, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alerts import mail_reading

    def read(raw: bytes, real: object = mail_reading.read_mail) -> object:
        if raw == b"broken":
            raise RuntimeError("no text of a mail")
        return real(raw)  # type: ignore[operator]

    monkeypatch.setattr(mail_reading, "read_mail", read)
    box.put(b"broken")
    box.put(reply(sender=OWN))
    assert read_inbox(house, NOW, ignore) == 2
    assert state(house) == "answered"
    with house.ledger.read() as tx:
        assert [item.kind for item in tx.replies.open_items()] == ["unread"]


def test_it_stops_between_two_mails(house: House, box: Box) -> None:
    box.put(reply(sender=OWN))
    assert read_inbox(house, NOW, ignore, lambda: True) == 0
    assert state(house) == "dispatched"
    assert read_inbox(house, NOW, ignore) == 1


def test_a_wrong_password_is_waited_for_and_not_told(box: Box) -> None:
    mailbox = Mailbox("127.0.0.1", box.port, security="none", user="desk", password="wrong-word", timeout=5)
    with pytest.raises(Unavailable, match="imap") as caught, mailbox.open():
        pass
    assert "wrong-word" not in str(caught.value)


def test_no_server_and_no_folder_are_waited_for(box: Box) -> None:
    with pytest.raises(Unavailable), Mailbox("127.0.0.1", 1, security="none", timeout=1).open():
        pass
    with (
        pytest.raises(Unavailable),
        Mailbox("127.0.0.1", box.port, security="none", password="right", folder="x").open(),
    ):
        pass


def test_never_in_clear_when_tls_is_wanted(box: Box) -> None:
    with pytest.raises(Unavailable), Mailbox("127.0.0.1", box.port, security="tls", timeout=2).open():
        pass


def test_the_last_mail_that_an_open_range_always_holds_is_not_new(box: Box) -> None:
    box.put(b"one")
    with Mailbox("127.0.0.1", box.port, security="none", user="desk", password="right").open() as look:
        assert look.validity == 7
        assert look.after(1, date(2026, 11, 1)) == []
        assert look.after(0, date(2026, 11, 1)) == [1]
        assert look.fetch(9) is None


def test_the_part_runs_where_a_mailbox_is_named(house: House) -> None:
    from app.parts import all_parts

    assert "inbox" in [part.name for part in all_parts(house)]
    empty = replace(house, settings=house.settings.model_copy(update={"imap": type(house.settings.imap)()}))
    assert "inbox" not in [part.name for part in all_parts(empty)]
