"""The one Twisted reactor of the process, started on first use and run only while there is something to wait for.

Scrapy needs a running reactor and a reactor starts once in a process, so it is installed over an event loop of its own
and started without blocking; `run` then drives that loop until a coroutine is done, as often as wanted, and everything
the coroutine calls (publishing, saving a cursor) happens in the caller's thread.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from stream.errors import MinshengError

T = TypeVar("T")

GRACE = 3.0  # seconds that an interrupted coroutine gets to close its connections
_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on the reactor's loop. From any thread; a second caller waits for the first."""
    with _lock:
        loop = _started()
        task = loop.create_task(work)
        try:
            return loop.run_until_complete(task)
        except BaseException:
            if not task.done():
                task.cancel()
                loop.run_until_complete(asyncio.wait([task], timeout=GRACE))
            raise


def _started() -> asyncio.AbstractEventLoop:
    global _loop
    if _loop is None:
        _loop = _install()
    return _loop


def _install() -> asyncio.AbstractEventLoop:
    from twisted.internet import asyncioreactor
    from twisted.internet.error import ReactorAlreadyInstalledError

    loop = asyncio.new_event_loop()
    try:
        asyncioreactor.install(eventloop=loop)  # type: ignore[no-untyped-call]
    except ReactorAlreadyInstalledError as error:
        loop.close()
        raise MinshengError("本进程已装有别的 Twisted 反应器，采集须在单独的进程里运行") from error
    from twisted.internet import reactor

    reactor.startRunning(installSignalHandlers=False)
    return loop
