"""A copy of the ledger of one moment, and the way back: SQLite as a file, PostgreSQL through its own tools."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal, Protocol

import psycopg
from psycopg.conninfo import make_conninfo
from sqlalchemy import URL

from alerts.ledger.engine import HEAD, parse, shown
from alerts.ledger.faults import plainly
from alerts.ledger.tables import metadata
from stream.errors import MinshengError
from stream.sqlite_copy import FrozenFile

Kind = Literal["sqlite", "postgresql"]
TABLES = (*metadata.tables, "alembic_version")
VERSION = "SELECT version_num FROM alembic_version"
PACKAGED = Path("/usr/lib/postgresql")  # Debian's: one folder per major version
WHO = "minsheng-backup"  # so that it does not take itself for a running part


class Frozen(Protocol):
    """The ledger as it is at one moment."""

    def counts(self) -> dict[str, int]: ...
    def version(self) -> str: ...
    def copy(self, to: Path) -> None: ...
    def close(self) -> None: ...


def kind_of(url: str) -> Kind:
    return "sqlite" if parse(url).drivername == "sqlite" else "postgresql"


def file_of(url: str) -> Path:
    """The file of a ledger on SQLite."""
    return Path(str(parse(url).database))


def freeze(url: str, env: Mapping[str, str]) -> Frozen:
    """From now on it stays as it is for whoever copies it; everybody else goes on writing.

    Raises MinshengError when there is none.
    """
    there = file_of(url).is_file() if kind_of(url) == "sqlite" else not is_empty(url)
    if not there:
        raise MinshengError(f"没有可备份的数据: 案件库 {shown(parse(url))} 还没有建立；请核对数据目录和 ledger.url")
    return FrozenLedgerFile(file_of(url), TABLES) if kind_of(url) == "sqlite" else FrozenServer(parse(url), env)


class FrozenLedgerFile(FrozenFile):
    def version(self) -> str:
        return self.ask(VERSION)


class FrozenServer:
    """A transaction whose view pg_dump takes over."""

    def __init__(self, target: URL, env: Mapping[str, str]) -> None:
        self._target = target
        self._env = env
        with _plainly(target):
            self._conn = _connect(target)
            self._conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            self._snapshot = self._ask("SELECT pg_export_snapshot()")

    def counts(self) -> dict[str, int]:
        with _plainly(self._target):
            return {name: int(self._ask(f'SELECT count(*) FROM "{name}"')) for name in TABLES}

    def version(self) -> str:
        with _plainly(self._target):
            return self._ask(VERSION)

    def copy(self, to: Path) -> None:
        """In pg_dump's own format, compressed; our tables alone. Raises MinshengError with what pg_dump said."""
        tables = [f"--table={name}" for name in TABLES]
        options = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={self._snapshot}", f"--file={to}"]
        to.touch(mode=0o600, exist_ok=False)
        _use("pg_dump", [*options, *tables], self._target, self._conn, self._env)

    def close(self) -> None:
        self._conn.close()

    def _ask(self, query: str) -> str:
        found = self._conn.execute(query).fetchone()
        return str(found[0]) if found else ""


def is_empty(url: str) -> bool:
    """Whether the PostgreSQL database has no ledger yet."""
    with _plainly(parse(url)), _connect(parse(url)) as conn:
        return conn.execute("SELECT to_regclass('alembic_version') IS NULL").fetchone() == (True,)


def users_of(url: str) -> int:
    """How many sessions of our processes are open in the PostgreSQL database."""
    query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'minsheng'"
    with _plainly(parse(url)), _connect(parse(url)) as conn:
        return sum(1 for _ in conn.execute(query))


def fill(url: str, dump: Path, env: Mapping[str, str]) -> None:
    """Put a dump of `FrozenServer.copy` in place of what is there: all of it, or on any error nothing."""
    target = parse(url)
    with _plainly(target), _connect(target) as conn:
        options = ["--single-transaction", "--exit-on-error", "--clean", "--if-exists", "--no-owner", "--no-privileges"]
        _use("pg_restore", [*options, str(dump)], target, conn, env)


def can_read(version: str) -> bool:
    """Whether this program understands a ledger of that version (an older one is brought up to date when opened)."""
    return "" < version <= HEAD


def _plainly(target: URL) -> AbstractContextManager[None]:
    return plainly(shown(target), psycopg.Error)


def _connect(target: URL) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(_address(target), password=target.password)


def _address(target: URL) -> str:
    """Without the password."""
    named = {"host": target.host, "port": target.port, "user": target.username, "dbname": target.database}
    given = {name: str(value) for name, value in named.items() if value is not None}
    return make_conninfo(**{**given, **_options(target), "application_name": WHO})


def _options(target: URL) -> dict[str, str]:
    return {name: value if isinstance(value, str) else ",".join(value) for name, value in target.query.items()}


def _use(
    tool: str,
    arguments: Sequence[str],
    target: URL,
    conn: psycopg.Connection[tuple[object, ...]],
    env: Mapping[str, str],
) -> None:
    """The password goes over in the environment: a command line can be read by everybody on the machine."""
    program = find_tool(tool, conn.info.server_version // 10000, env)
    secret = {"PGPASSWORD": target.password} if target.password else {}
    command = [str(program), "--no-password", f"--dbname={_address(target)}", *arguments]
    done = subprocess.run(command, env={**env, **secret}, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise MinshengError(f"{tool} 没有成功 ({shown(target)}):\n{done.stderr.strip()[-1000:]}")


def find_tool(name: str, major: int, env: Mapping[str, str]) -> Path:
    """The tool of the server's major version, else of the next newer one: older ones cannot read that server.

    Raises MinshengError that names the package to install.
    """
    found = {int(path.parts[-3]): path for path in PACKAGED.glob(f"*/bin/{name}") if path.parts[-3].isdigit()}
    if named := shutil.which(name, path=env.get("PATH")):
        found.setdefault(_major(named), Path(named))
    fit = min((one for one in found if one >= major), default=None)
    if fit is None:
        there = f"本机只有版本 {'、'.join(map(str, sorted(found)))}" if found else "本机没有"
        raise MinshengError(
            f"备份和恢复 PostgreSQL {major} 要用 {name} {major} 或更新的版本，{there}。"
            f"请安装 postgresql-client-{major} (Debian/Ubuntu) 或 postgresql{major} (RHEL)"
        )
    return found[fit]


def _major(program: str) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    found = re.search(r"\d+", said)
    return int(found[0]) if found else 0
