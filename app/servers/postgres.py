"""One PostgreSQL server. It refuses to run as root, so root starts it as the user `postgres`."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import psycopg

from app.servers.missing import Missing
from app.servers.server import HOST, Server
from app.servers.throwaway import Throwaway
from stream.errors import MinshengError

USER = DATABASE = "minsheng"
UNPRIVILEGED = "postgres"  # the account that Debian's package makes
INSTALLED = Path("/usr/lib/postgresql")


def find_postgres(env: Mapping[str, str]) -> Path:
    """The folder of initdb and postgres: the newest of Debian's, else by pg_config or PATH. Raises Missing."""
    packaged = sorted(INSTALLED.glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    named = [
        Path(found).resolve().parent
        for name in ("initdb", "postgres")
        if (found := shutil.which(name, path=env.get("PATH")))
    ]
    for folder in (*packaged, *named, *_configured(env)):
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            _need_account()
            return folder
    raise Missing("没有找到 PostgreSQL 的服务程序 (initdb、postgres)。Debian/Ubuntu: apt install postgresql。")


def _configured(env: Mapping[str, str]) -> list[Path]:
    if not (asked := shutil.which("pg_config", path=env.get("PATH"))):
        return []
    done = subprocess.run([asked, "--bindir"], capture_output=True, text=True, check=False)  # noqa: S603 - as found on PATH
    return [Path(done.stdout.strip())] if done.stdout.strip() else []


def _need_account() -> None:
    if os.geteuid() != 0:
        return
    try:
        pwd.getpwnam(UNPRIVILEGED)
    except KeyError:
        raise Missing(
            f"PostgreSQL 不能以 root 运行，而本机没有用户 {UNPRIVILEGED}。Debian/Ubuntu: apt install postgresql。"
        ) from None


class Postgres(Server):
    stop_signal = signal.SIGINT  # ends sessions and shuts down in order; SIGTERM would wait for every client to leave
    end_signal = signal.SIGQUIT  # at once, and unlike SIGKILL no shared memory stays in the system

    def __init__(self, place: Throwaway, binaries: Path) -> None:
        super().__init__(place, "postgres")
        self.binaries = binaries

    @property
    def url(self) -> str:
        return f"postgresql://{USER}@{HOST}:{self.port}/{DATABASE}"

    def prepare(self) -> None:
        self.folder.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(self.folder, UNPRIVILEGED, UNPRIVILEGED)
        options = ["-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"]
        process = self.spawn([str(self.binaries / "initdb"), "-D", str(self.folder / "data"), *options])
        if process.wait(60):
            raise MinshengError(f"postgres 的目录没有建成:\n{self.log_tail()}")

    def command(self) -> list[str]:
        settings = {
            "listen_addresses": HOST,
            "port": self.port,
            "unix_socket_directories": "",
            "fsync": "off",  # its data are thrown away
            "max_connections": 200,
            "dynamic_shared_memory_type": "mmap",  # in its own folder
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [str(self.binaries / "postgres"), "-D", str(self.folder / "data"), *options]

    def spawn(self, command: list[str], user: str | None = None) -> subprocess.Popen[bytes]:
        return super().spawn(command, user or (UNPRIVILEGED if os.geteuid() == 0 else None))

    def is_ready(self) -> bool:
        try:
            with psycopg.connect(
                host=HOST, port=self.port, user=USER, dbname="postgres", autocommit=True, connect_timeout=2
            ) as connection:
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                    connection.execute(f'CREATE DATABASE "{DATABASE}"')
        except psycopg.OperationalError:
            return False
        return True
