"""From pending alerts to mails: one per office, the gravest first, nothing lost, nothing twice."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from alerts.deliver import HOLD, Delivered, deliver_once, next_try
from alerts.ledger import AlertFilter, Ledger
from alerts.model import Alert
from alerts.notify import OutboxFolder
from alerts.notify.words import UNREAD
from stream.errors import NotifyError, Unavailable
from stream.messages import Judged
from tests.alerts.mailing import (
    LETTERHEAD,
    NOW,
    Mailbox,
    fill,
    make_alert,
    make_case,
    make_catalog,
    make_clock,
    make_judged,
)

LATER, NEVER = NotifyError("451 稍后再试", retryable=True), NotifyError("550 查无此人", retryable=False)


def deliver(
    ledger: Ledger, box: Mailbox, minutes: float = 0, counted: Counter[tuple[str, str]] | None = None
) -> Delivered:
    def count(what: str, reason: str, how_many: int) -> None:
        if counted is not None:
            counted[what, reason] += how_many

    def get(post_id: str) -> Judged | None:
        return make_judged(post_id)

    return deliver_once(ledger, get, make_catalog(), box, NOW + timedelta(minutes=minutes), count=count)


def by_id(ledger: Ledger) -> dict[str, Alert]:
    with ledger.read() as tx:
        return {alert.id: alert for alert in tx.alerts.find(AlertFilter())}


def test_one_mail_per_office_the_gravest_office_first(ledger: Ledger) -> None:
    alerts = [
        make_alert(1, severity=2),
        make_alert(2, severity=2),
        make_alert(3, office="zhujian", severity=4),
        make_alert(4, office="renshe@330782", severity=3),
    ]
    fill(ledger, alerts)
    box = Mailbox()
    assert deliver(ledger, box) == Delivered(sent=4)
    assert [(office.id, len(ids)) for office, ids, _ in box.mails] == [
        ("zhujian", 1),
        ("renshe@330782", 1),
        ("renshe", 2),
    ]
    assert box.mails[1][0].emails == ("yiwu@town.example",)
    assert {alert.state for alert in by_id(ledger).values()} == {"sent"}
    assert by_id(ledger)[alerts[0].id].attempts == 1
    assert deliver(ledger, box) == Delivered()


def test_what_is_not_due_waits(ledger: Ledger) -> None:
    fill(ledger, [make_alert(next_try_at=NOW + timedelta(minutes=5))])
    box = Mailbox()
    assert deliver(ledger, box) == Delivered()
    assert deliver(ledger, box, minutes=5) == Delivered(sent=1)


def test_a_closed_case_is_muted_with_the_reason(ledger: Ledger) -> None:
    fill(ledger, [make_alert(1), make_alert(2)], [make_case(1, state="closed"), make_case(2)])
    box, counted = Mailbox(), Counter[tuple[str, str]]()
    assert deliver(ledger, box, counted=counted) == Delivered(sent=1, muted=1)
    assert box.mails[0][1] == [make_alert(2).id]
    assert "已办结" in by_id(ledger)[make_alert(1).id].why_not
    assert counted == {("muted", "case_closed"): 1, ("sent", "accepted"): 1}


def test_a_passing_failure_comes_again_later_as_the_same_mail(ledger: Ledger) -> None:
    fill(ledger, [make_alert(1), make_alert(2)])
    box = Mailbox(errors=[LATER])
    assert deliver(ledger, box) == Delivered(failed=2)
    waiting = by_id(ledger)[make_alert(1).id]
    assert (waiting.state, waiting.attempts) == ("pending", 1)
    assert waiting.why_not.startswith("451 稍后再试")
    assert deliver(ledger, box, minutes=0.9) == Delivered()
    fill(ledger, [make_alert(3, created_at=NOW + timedelta(minutes=1))])
    assert deliver(ledger, box, minutes=2) == Delivered(sent=3)
    assert sorted(len(ids) for _, ids, _ in box.mails) == [1, 2]
    assert waiting.why_not.endswith(next(mail_id for _, ids, mail_id in box.mails if len(ids) == 2))


def test_a_final_failure_stays_visible_and_is_not_tried_again(ledger: Ledger) -> None:
    fill(ledger, [make_alert()])
    box, counted = Mailbox(errors=[NEVER]), Counter[tuple[str, str]]()
    assert deliver(ledger, box, counted=counted) == Delivered(failed=1)
    assert deliver(ledger, box, minutes=1e5) == Delivered()
    failed = by_id(ledger)[make_alert().id]
    assert failed.state == "failed"
    assert "550 查无此人" in failed.why_not
    assert counted == {("failed", "permanent"): 1}


def test_one_office_that_fails_does_not_keep_the_others_waiting(ledger: Ledger) -> None:
    fill(ledger, [make_alert(1, severity=4), make_alert(2, office="zhujian", severity=1)])
    box = Mailbox(errors=[LATER])
    assert deliver(ledger, box) == Delivered(sent=1, failed=1)


def test_an_office_without_address_waits_for_one_and_says_so(ledger: Ledger) -> None:
    fill(ledger, [make_alert(office="nowhere")])
    box = Mailbox()
    assert deliver(ledger, box) == Delivered(failed=1)
    waiting = by_id(ledger)[make_alert().id]
    assert waiting.state == "pending"
    assert "offices.yaml" in waiting.why_not
    assert box.mails == []


def test_refused_recipients_are_noted_for_the_audit(ledger: Ledger) -> None:
    fill(ledger, [make_alert()])
    deliver(ledger, Mailbox(refused={"renshe2@town.example": "550 moved"}))
    with ledger.read() as tx:
        (entry,) = tx.audit.find(target="renshe")
    assert entry.what == "mail_refused"
    assert entry.detail == "renshe2@town.example: 550 moved"


def test_another_sender_finds_nothing_while_a_mail_is_under_way(ledger: Ledger) -> None:
    fill(ledger, [make_alert()])
    other = Mailbox()

    class Nested(Mailbox):
        def send(self, *args: object, **kwargs: object) -> dict[str, str]:
            assert deliver(ledger, other) == Delivered()
            return {}

    assert deliver(ledger, Nested()) == Delivered(sent=1)
    assert other.mails == []


class Archive:
    """Away from the `left`-th question on."""

    def __init__(self, left: int = 0) -> None:
        self.left, self.asked = left, 0

    def get(self, post_id: str) -> Judged | None:
        self.asked += 1
        if self.asked > self.left:
            raise Unavailable("检索库连不上")
        return make_judged(post_id)


def test_while_the_archive_is_away_mails_wait_a_little_for_their_quotes_and_then_go_without(
    ledger: Ledger, tmp_path: Path
) -> None:
    fill(ledger, [make_alert(1), make_alert(2, office="zhujian")], [make_case(1), make_case(2)])
    outbox, counted = OutboxFolder(tmp_path, LETTERHEAD), Counter[tuple[str, str]]()

    def round_at(minutes: float, archive: Archive) -> Delivered:
        def count(what: str, reason: str, how_many: int) -> None:
            counted[what, reason] += how_many

        at = NOW + timedelta(minutes=minutes)
        return deliver_once(ledger, archive.get, make_catalog(), outbox, at, count=count)

    away = Archive()
    assert round_at(0, away) == Delivered(failed=2)
    assert away.asked == 1, "once it is known to be away, no other mail waits for an answer"
    assert "检索库暂时不能用" in by_id(ledger)[make_alert(1).id].why_not
    assert round_at(1.3, Archive()) == Delivered(failed=2)
    assert round_at(4, Archive()) == Delivered(sent=2)
    assert counted == {("failed", "retryable"): 4, ("unquoted", "archive_away"): 2, ("sent", "accepted"): 2}
    for file in tmp_path.glob("*.eml"):
        part = message_from_bytes(file.read_bytes(), policy=policy.default).get_body(("plain",))
        assert part is not None
        said = part.get_content()
        assert UNREAD in said
        assert make_judged().post.text not in said
        assert make_clock().name in said


def test_an_archive_that_comes_back_in_time_is_quoted(ledger: Ledger) -> None:
    fill(ledger, [make_alert(1)], [make_case(1)])
    box = Mailbox()
    assert deliver_once(ledger, Archive().get, make_catalog(), box, NOW) == Delivered(failed=1)
    assert deliver(ledger, box, minutes=1.3) == Delivered(sent=1)
    assert len(box.mails) == 1


def test_a_ledger_that_is_away_is_no_archive_that_is_away(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(ledger, [make_alert(1)], [make_case(1)])

    def away(self: Ledger) -> object:
        raise Unavailable("案件库连不上")

    monkeypatch.setattr(Ledger, "read", away)
    with pytest.raises(Unavailable, match="案件库"):
        deliver(ledger, Mailbox())


def test_a_bug_in_the_notifier_loses_nothing(ledger: Ledger) -> None:
    fill(ledger, [make_alert()])

    class Broken(Mailbox):
        def send(self, *args: object, **kwargs: object) -> dict[str, str]:
            raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        deliver(ledger, Broken())
    box = Mailbox()
    assert deliver(ledger, box) == Delivered()
    assert deliver(ledger, box, minutes=HOLD.total_seconds() / 60) == Delivered(sent=1)


@pytest.mark.parametrize(("attempts", "minutes"), [(0, 1), (1, 2), (2, 4), (5, 32), (6, 60), (500, 60)])
def test_the_pauses_double_up_to_an_hour(attempts: int, minutes: int) -> None:
    pause = (next_try(make_alert(attempts=attempts), NOW) - NOW).total_seconds() / 60
    assert minutes <= pause <= minutes * 1.25
    assert next_try(make_alert(attempts=attempts), NOW) - NOW == timedelta(minutes=pause)


def test_the_pauses_differ_from_alert_to_alert() -> None:
    assert len({next_try(make_alert(number), NOW) for number in range(20)}) > 10
