"""Alerts, users, audit and meters: a part of the ledger's contract."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from alerts.ledger import AlertFilter, Ledger, Meter, SourceRun
from alerts.model import Alert
from stream.errors import MinshengError
from tests.alerts.town import HOUR, NOW
from tests.contract.ledger_base import SHANGHAI, WithLedger


def alert(name: str, **changes: Any) -> Alert:
    base = Alert(
        id=name,
        kind="new_case",
        office="renshe",
        case_id="case-1",
        event_id="ev-1",
        title="云栖工地拖欠工资",
        reason="三日内三条",
        created_at=NOW,
        severity=2,
        figures={"posts": 3, "名": "值"},
        posts=("p1", "p2"),
    )
    return replace(base, **changes)


class NoticesContract(WithLedger):
    def test_an_alert_is_added_once(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            assert tx.alerts.add([alert("a"), alert("b")]) == 2
            assert tx.alerts.add([alert("b", reason="别的"), alert("c")]) == 1
            assert tx.alerts.add([]) == 0
            assert [one.id for one in tx.alerts.find(AlertFilter())] == ["a", "b", "c"]
            assert tx.alerts.find(AlertFilter())[1] == alert("b")

    def test_due_are_the_pending_ones_whose_time_has_come(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            tx.alerts.add(
                [
                    alert("later", next_try_at=NOW + HOUR),
                    alert("second", created_at=NOW - HOUR),
                    alert("first", created_at=NOW - 2 * HOUR, next_try_at=NOW),
                    alert("muted", state="muted"),
                ]
            )
            assert [one.id for one in tx.alerts.due(NOW)] == ["first", "second"]
            assert [one.id for one in tx.alerts.due(NOW, limit=1)] == ["first"]
            assert [one.id for one in tx.alerts.due(NOW + HOUR)] == ["first", "second", "later"]

    def test_what_became_of_an_alert(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            tx.alerts.add([alert(name) for name in ("sent", "again", "failed", "muted", "left")])
            tx.alerts.mark_sent(["sent"], NOW + HOUR)
            tx.alerts.mark_failed("again", "邮箱忙", NOW + 2 * HOUR)
            tx.alerts.mark_failed("failed", "没有这个邮箱", None)
            tx.alerts.mute(["muted"], "静默时段")
        with ledger.begin() as tx:
            states = {one.id: one for one in tx.alerts.find(AlertFilter())}
            assert [one.id for one in tx.alerts.due(NOW + HOUR)] == ["left"]
            assert [one.id for one in tx.alerts.due(NOW + 2 * HOUR)] == ["again", "left"]
        assert states["sent"] == alert("sent", state="sent", sent_at=NOW + HOUR, attempts=1)
        assert states["again"] == alert("again", why_not="邮箱忙", next_try_at=NOW + 2 * HOUR, attempts=1)
        assert states["failed"] == alert("failed", state="failed", why_not="没有这个邮箱", attempts=1)
        assert states["muted"] == alert("muted", state="muted", why_not="静默时段")

    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            (AlertFilter(), ["c", "b", "a"]),
            (AlertFilter(states=("muted", "failed")), ["c"]),
            (AlertFilter(office="gov"), ["b"]),
            (AlertFilter(case_id="case-1"), ["c", "a"]),
            (AlertFilter(since=NOW - HOUR), ["c", "b"]),
            (AlertFilter(until=NOW - HOUR), ["a"]),
            (AlertFilter(limit=1), ["c"]),
        ],
    )
    def test_alerts_are_found_by(self, ledger: Ledger, wanted: AlertFilter, found: list[str]) -> None:
        first = alert("a", created_at=NOW - 2 * HOUR)
        second = alert("b", created_at=NOW - HOUR, office="gov", case_id="case-2")
        with ledger.begin() as tx:
            tx.alerts.add([first, second, alert("c", state="muted")])
            assert [one.id for one in tx.alerts.find(wanted)] == found

    def test_a_user_logs_in_with_the_right_password_only(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            user = tx.users.add("wang", "王值班", "correct horse", "duty", NOW)
            assert tx.users.verify("wang", "correct horse", NOW) == user
            assert tx.users.verify("wang", "wrong horse", NOW) is None
            assert tx.users.verify("li", "correct horse", NOW) is None
            assert tx.users.all() == [user]

    def test_five_failures_lock_for_a_quarter_of_an_hour(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            tx.users.add("wang", "王值班", "correct horse", "duty", NOW)
            for _ in range(5):
                assert tx.users.verify("wang", "wrong horse", NOW) is None
            assert tx.users.verify("wang", "correct horse", NOW + timedelta(minutes=14)) is None
            assert tx.users.verify("wang", "correct horse", NOW + timedelta(minutes=15))

    def test_a_success_forgets_the_failures_before_it(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            tx.users.add("wang", "王值班", "correct horse", "duty", NOW)
            for word in (*["wrong horse"] * 4, "correct horse", *["wrong horse"] * 4):
                tx.users.verify("wang", word, NOW)
            assert tx.users.verify("wang", "correct horse", NOW)

    def test_a_new_password_unlocks_and_disabling_shuts_out(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            tx.users.add("wang", "王值班", "correct horse", "admin", NOW)
            for _ in range(5):
                tx.users.verify("wang", "wrong horse", NOW)
            tx.users.set_password("wang", "another horse")
            assert tx.users.verify("wang", "another horse", NOW)
            tx.users.disable("wang")
            assert tx.users.verify("wang", "another horse", NOW) is None
            assert [user.disabled for user in tx.users.all()] == [True]

    @pytest.mark.parametrize(
        ("name", "password", "role", "message"),
        [
            ("wang", "long enough", "duty", "已存在"),
            ("li", "short", "duty", "太短"),
            ("li", "long enough", "boss", "角色"),
            (" ", "long enough", "duty", "用户名"),
        ],
    )
    def test_a_bad_user_is_refused(self, ledger: Ledger, name: str, password: str, role: Any, message: str) -> None:
        with ledger.begin() as tx:
            tx.users.add("wang", "王值班", "correct horse", "duty", NOW)
        with pytest.raises(MinshengError, match=message), ledger.begin() as tx:
            tx.users.add(name, "某人", password, role, NOW)

    def test_an_unknown_user_cannot_be_changed(self, ledger: Ledger) -> None:
        with pytest.raises(MinshengError, match="没有用户 li"), ledger.begin() as tx:
            tx.users.disable("li")

    def test_the_audit_keeps_everything_newest_first(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            tx.audit.add(NOW, "wang", "查看案件", "case-1")
            tx.audit.add(NOW, "li", "导出", "week-47", "xlsx")
            tx.audit.add(NOW + HOUR, "wang", "答复", "case-1", "已答复")
            assert [entry.what for entry in tx.audit.find()] == ["答复", "导出", "查看案件"]
            assert [entry.what for entry in tx.audit.find(actor="wang", limit=1)] == ["答复"]
            assert [entry.detail for entry in tx.audit.find(target="week-47")] == ["xlsx"]

    def test_counts_add_up_within_the_hour(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            tx.meters.add(NOW + timedelta(minutes=59), "crawl", "dropped", "robots", 2)
            tx.meters.add((NOW + timedelta(minutes=1)).astimezone(SHANGHAI), "crawl", "dropped", "robots", 3)
            tx.meters.add(NOW + HOUR, "crawl", "dropped", "robots", 10)
            tx.meters.add(NOW, "judge", "set_aside", "advert", 1)
            hour = [Meter("crawl", "dropped", "robots", 5), Meter("judge", "set_aside", "advert", 1)]
            assert tx.meters.totals(NOW, NOW + HOUR) == hour
            assert tx.meters.totals(NOW, NOW + 2 * HOUR)[0].n == 15

    def test_the_health_of_a_source_is_its_latest_visit(self, ledger: Ledger) -> None:
        failed = SourceRun("board", NOW, False, 0, 0, "网站没有应答")
        with ledger.begin() as tx:
            tx.meters.source_run(SourceRun("board", NOW - HOUR, True, 30, 4))
            tx.meters.source_run(failed)
            tx.meters.source_run(failed)
            tx.meters.source_run(SourceRun("forum", NOW - 2 * HOUR, True, 9, 9))
            assert tx.meters.source_health() == [failed, SourceRun("forum", NOW - 2 * HOUR, True, 9, 9)]

    def test_a_cursor_is_kept_per_source(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            assert tx.meters.cursor("board") == {}
            tx.meters.save_cursor("board", {"last": "留言-17", "page": 3})
            tx.meters.save_cursor("board", {"last": "留言-18"})
            assert tx.meters.cursor("board") == {"last": "留言-18"}
