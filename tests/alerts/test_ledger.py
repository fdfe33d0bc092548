"""What is particular to how the ledger is built; what it does is in tests/contract/ledger.py."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path
from threading import Event as Signal
from threading import Thread

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from argon2 import Type, extract_parameters
from sqlalchemy import create_engine, inspect, text

from alerts.ledger import CaseFilter, EventFilter, Ledger
from alerts.ledger.engine import HEAD
from alerts.ledger.migrations.upgrade import alembic_config
from alerts.ledger.tables import metadata
from tests.alerts.town import NOW, event
from tests.quicker import hasher


@pytest.mark.as_shipped
def test_the_migrations_build_the_tables_as_they_are_described(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    with closing(Ledger(url)) as ledger:
        ledger.migrate()
    engine = create_engine(url)
    with engine.connect() as conn:
        assert compare_metadata(MigrationContext.configure(conn, opts={"compare_type": True}), metadata) == []
        indexes = {ix["name"] for table in metadata.tables for ix in inspect(conn).get_indexes(table)}
        assert {ix.name for table in metadata.tables.values() for ix in table.indexes} <= indexes
    engine.dispose()


@pytest.mark.as_shipped
def test_passwords_cost_the_work_that_is_advised_and_older_hashes_get_it_with_the_next_login(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work() -> tuple[Type, bool]:
        with ledger._engine.connect() as conn:
            held = extract_parameters(conn.execute(text("SELECT password_hash FROM users")).scalar_one())
        return held.type, held.memory_cost >= 19 * 1024 and held.time_cost >= 2  # OWASP's least for Argon2id

    with ledger.begin() as tx:
        tx.users.add("lihua", "李华", "long enough 1", "duty", NOW)
    assert work() == (Type.ID, True)
    with monkeypatch.context() as patch, ledger.begin() as tx:
        patch.setattr("alerts.ledger.users._hasher", hasher)
        tx.users.set_password("lihua", "long enough 2")
    assert work() == (Type.ID, False)
    with ledger.begin() as tx:
        assert tx.users.verify("lihua", "long enough 2", NOW)
    assert work() == (Type.ID, True)


def test_the_newest_migration_is_the_version_that_is_checked_for() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == HEAD


def test_opening_the_ledger_imports_nothing_slow() -> None:
    code = "import sys, alerts.ledger; sys.exit(bool({'alembic', 'argon2', 'chinese_calendar'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_it_makes_the_folder_of_its_file(tmp_path: Path) -> None:
    with closing(Ledger(f"sqlite:///{tmp_path / 'new' / 'folder' / 'ledger.db'}")) as ledger:
        ledger.migrate()
    assert (tmp_path / "new" / "folder" / "ledger.db").exists()


def test_processes_may_migrate_at_once(tmp_path: Path) -> None:
    code = f"from alerts.ledger import Ledger; Ledger('sqlite:///{tmp_path / 'ledger.db'}').migrate()"
    started = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    assert [process.wait() for process in started] == [0, 0, 0]


def test_a_second_writer_waits_for_the_first(tmp_path: Path) -> None:
    with closing(Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")) as ledger:
        ledger.migrate()
        started, order = Signal(), []

        def second() -> None:
            started.set()
            with ledger.begin() as tx:
                order.append("second")
                tx.events.save([event("ev-2")], {})

        thread = Thread(target=second)
        with ledger.begin() as tx:
            thread.start()
            started.wait()
            tx.events.save([event("ev-1")], {})
            order.append("first")
        thread.join()
        with ledger.read() as tx:
            assert tx.events.count(EventFilter()) == 2
            assert tx.cases.count(CaseFilter()) == 0
        assert order == ["first", "second"]


@pytest.mark.parametrize("name", ["100%.db", "空 格.db"])
def test_odd_file_names(tmp_path: Path, name: str) -> None:
    with closing(Ledger(f"sqlite:///{tmp_path / name}")) as ledger:
        ledger.migrate()
    assert (tmp_path / name).exists()
