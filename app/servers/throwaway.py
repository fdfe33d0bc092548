"""A folder for servers, and the promise that neither it nor they outlive this process."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

KEEPER = Path(__file__).with_name("keeper.py")
ENDS_WITHIN = 30.0  # seconds that the keeper may take to end servers and delete the folder


class Throwaway:
    """Holds a fresh folder (or `path`, which must not exist) and a keeper process that deletes it when this process ends.

    The folder lies in the system's temporary folder and others may pass through it: PostgreSQL runs as another user.
    """

    def __init__(self, also: tuple[Path, ...] = ()) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="minsheng-servers-"))
        self.path.chmod(0o711)
        folders = [str(folder) for folder in (self.path, *also)]
        self._keeper = subprocess.Popen(  # noqa: S603 - our own interpreter and our own script
            [sys.executable, "-I", "-S", str(KEEPER), *folders],
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
