"""A command that the kernel ends together with the process that starts it (Linux, by util-linux' setpriv)."""

from __future__ import annotations

import shutil
import signal
import threading


def leashed(command: list[str], end: signal.Signals) -> list[str]:
    """`command`, ended by signal `end` when the starting process is gone.

    The kernel means the starting thread, which may well end before its process: from other threads, and where there is
    no setpriv, the command stays as it is.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None or threading.current_thread() is not threading.main_thread():
        return command
    return [setpriv, "--pdeathsig", end.name.removeprefix("SIG"), *command]
