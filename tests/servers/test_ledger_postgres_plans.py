"""With many rows PostgreSQL answers what the pages and the processes ask all the time from an index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import event as hook

from alerts.ledger import AlertFilter, CaseFilter, EventFilter, Ledger, Tx
from tests.alerts.town import NOW
from tests.servers.fresh import fresh_database, run

ROWS = 20_000
DAY = timedelta(days=1)
AT = f"timestamptz '{NOW.isoformat()}' - n * interval '1 minute'"
FILL = (
    f"""INSERT INTO events SELECT 'ev-' || n, '夜间噪声', 'ecology', 'huanjing', (330100 + n % 90)::text, '某街道',
      {AT}, {AT}, 3, 1 + n % 4, 2, 1, n % 977, 1, '{{}}', '{{}}', '[]', '[]', NULL, '', ''
      FROM generate_series(1, {ROWS}) n""",
    f"""INSERT INTO event_posts SELECT 'p-' || n, 'ev-' || n, {AT}, 'board', 2, 0.8, false, 'complaint', '[]'
      FROM generate_series(1, {ROWS}) n""",
    f"""INSERT INTO cases SELECT 'case-' || n, 'MS-' || n, 'ev-' || n, '夜间噪声', 'ecology', '330106', '某街道',
      'office' || n % 60, '[]', CASE WHEN n % 50 = 0 THEN 'accepted' ELSE 'closed' END, 2, {AT}, {AT}, '', '', '[]',
      NULL, NULL, 0, '[]', 1, CASE WHEN n % 50 = 0 THEN {AT} END, CASE WHEN n % 50 = 0 THEN {AT} END
      FROM generate_series(1, {ROWS}) n""",
    f"""INSERT INTO actions (id, case_id, at, actor, verb, note, before, after, data)
      SELECT 'case-' || n || ':1', 'case-' || n, {AT}, 'system', 'open', '', '', '', '{{}}'
      FROM generate_series(1, {ROWS}) n""",
    f"""INSERT INTO alerts SELECT 'al-' || n, 'new_case', 'office' || n % 60, 'case-' || n, 'ev-' || n, '', '', {AT}, 2,
      '{{}}', '[]', CASE WHEN n < 50 THEN 'pending' ELSE 'sent' END, 1, NULL, NULL, ''
      FROM generate_series(1, {ROWS}) n""",
    f"""INSERT INTO corrections (id, post_id, field, value, before, actor, at, note)
      SELECT 'p-' || n || ':topic', 'p-' || n, 'topic', 'wages', 'ecology', 'wang', {AT}, ''
      FROM generate_series(1, {ROWS}) n""",
    "ANALYZE",
)
ASKED: dict[str, Callable[[Tx], object]] = {
    "the open cases, next to run out first": lambda tx: tx.cases.find(CaseFilter(open=True)),
    "the newest cases": lambda tx: tx.cases.find(CaseFilter(sort="newest")),
    "how many are overdue": lambda tx: tx.cases.count(CaseFilter(open=True, overdue_at=NOW)),
    "one office's open cases": lambda tx: tx.cases.find(CaseFilter(open=True, offices=("office7",))),
    "the clocks to tell of": lambda tx: tx.cases.to_tell(NOW),
    "a case's history": lambda tx: tx.cases.actions("case-77"),
    "a week's actions": lambda tx: tx.cases.actions_between(NOW - DAY, NOW),
    "the cases of events": lambda tx: tx.cases.by_events([f"ev-{n}" for n in range(50)]),
    "the hottest events": lambda tx: tx.events.find(EventFilter()),
    "a day's events": lambda tx: tx.events.find(EventFilter(sort="newest", since=NOW - DAY)),
    "the gravest events": lambda tx: tx.events.find(EventFilter(sort="severity")),
    "a county's events": lambda tx: tx.events.find(EventFilter(region="330106")),
    "an event's posts": lambda tx: tx.events.posts("ev-77"),
    "the posts of many events": lambda tx: tx.events.posts_since({f"ev-{n}": NOW - DAY for n in range(40)}),
    "the events of posts": lambda tx: tx.events.of_posts([f"p-{n}" for n in range(40)]),
    "the corrections of posts": lambda tx: tx.corrections.of_posts([f"p-{n}" for n in range(40)]),
    "whether anything was corrected since": lambda tx: tx.corrections.newest_number(),
    "the latest corrections": lambda tx: tx.corrections.since(NOW - timedelta(hours=3)),
    "the alerts that are due": lambda tx: tx.alerts.due(NOW),
    "the newest alerts": lambda tx: tx.alerts.find(AlertFilter()),
    "the alerts that wait": lambda tx: tx.alerts.find(AlertFilter(states=("pending", "failed"))),
    "a case's alerts": lambda tx: tx.alerts.find(AlertFilter(case_id="case-77")),
}


@pytest.fixture(scope="module")
def full(postgres_url: str) -> Iterator[tuple[Ledger, str]]:
    with fresh_database(postgres_url) as url, closing(Ledger(url)) as ledger:
        ledger.migrate()
        for statement in FILL:
            run(url, statement.replace("%", "%%"))
        yield ledger, url


@pytest.mark.parametrize("name", ASKED)
def test_it_is_answered_from_an_index(full: tuple[Ledger, str], name: str) -> None:
    ledger, url = full
    asked: list[tuple[str, Any]] = []

    def note(conn: object, cursor: object, statement: str, values: Any, *_: object) -> None:
        if "FROM" in statement:
            asked.append((statement, values))

    hook.listen(ledger._engine, "before_cursor_execute", note)
    with ledger.begin() as tx:
        ASKED[name](tx)
    hook.remove(ledger._engine, "before_cursor_execute", note)
    (statement, values) = asked[-1]
    with psycopg.connect(url) as conn:
        plan = "\n".join(row[0] for row in conn.execute(f"EXPLAIN {statement}", values))
    assert "Index" in plan, plan
    assert "Seq Scan" not in plan, plan
