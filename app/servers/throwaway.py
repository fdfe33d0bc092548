"""A folder for servers, and the promise that neither it nor they outlive this process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from app.servers.alive import Mark, is_alive, mark_of

KEEPER = Path(__file__).with_name("keeper.py")
PREFIX = "minsheng-servers-"
OWNER = "owner"  # the file that tells whose folder it is
ENDS_WITHIN = 30.0  # seconds that the keeper may take to end servers and delete the folder


class Throwaway:
    """A fresh folder, and a keeper process that ends the servers in it and deletes it when this process ends.

    The folder lies in the system's temporary folder and others may pass through it: PostgreSQL runs as another user.

    Args:
        also: more files or folders for the keeper to delete.
    """

    def __init__(self, also: tuple[Path, ...] = ()) -> None:
        sweep()
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        (self.path / OWNER).write_text(mark_of(os.getpid()), encoding="ascii")
        self.path.chmod(0o711)
        self._keeper = subprocess.Popen(  # noqa: S603 - our own interpreter and our own script
            [sys.executable, "-I", "-S", str(KEEPER), str(self.path), *map(str, also)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C of ours must not reach it
        )

    def hold(self, pid: int, end: int) -> None:
        """The server `pid` is ended by signal `end` when this process is gone."""
        if self._keeper.stdin is None or self._keeper.poll() is not None:
            raise ProcessLookupError("the keeper of the servers is gone")
        os.write(self._keeper.stdin.fileno(), b"%d %d\n" % (end, pid))

    def end(self) -> None:
        """Ends what still runs and deletes the folder; returns when that is done."""
        if self._keeper.stdin:
            self._keeper.stdin.close()
        self._keeper.wait(ENDS_WITHIN)


def sweep() -> None:
    """Deletes folders whose owner and keeper were both killed; the kernel has ended their servers."""
    for folder in abandoned():
        shutil.rmtree(folder, ignore_errors=True)  # its keeper, if it lives, is doing the same


def abandoned() -> Iterator[Path]:
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            owner = Mark((folder / OWNER).read_text(encoding="ascii"))
        except OSError:
            continue  # being made, being deleted, or another user's
        if not is_alive(owner):
            yield folder
