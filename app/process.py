"""What every part that runs alone has: it stops when asked, waits for servers that are away, counts, and tells how it fares."""

from __future__ import annotations

import gc
import logging
import random
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from app.logging_lines import start_logging
from app.monitor import Metrics, Monitor, Pulse
from app.stopping import Stop, Stopped
from stream.errors import Conflict, Unavailable
from stream.faults import away, say, tell
from stream.worker import Handle, Outs

if TYPE_CHECKING:
    from app.wire import House
    from stream.log import Record

T = TypeVar("T")

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0  # seconds between two tries, doubling
LAG_EVERY = 10.0
SELDOM = (20_000, 20, 100)  # see `collect_seldom`

logger = logging.getLogger(__name__)


def collect_seldom() -> None:
    """Look for rings of objects less often: the working set lives for weeks and has none, and going through all of it takes
    a tenth of the time of deciding."""
    gc.set_threshold(*SELDOM)


class Process:
    """Use it as `with Process(house, "judge") as process:`. Leaving it keeps the counts and closes what was opened.

    Args:
        part: its name in logs, counts and metrics.
        stop: a stop that already listens, for who was asked before this was made.
    """

    def __init__(self, house: House, part: str, stop: Stop | None = None) -> None:
        settings = house.settings
        collect_seldom()
        self._plain = start_logging(part, settings.monitor.json_logs)
        self.house = house
        self.stop = (Stop().install() if stop is None else stop).limit()
        self.pulse = Pulse(part, settings.profile)
        self.metrics = Metrics(self.pulse)
        self.counter = house.counter(part, self.metrics.count)
        port = settings.monitor.port
        self.monitor = Monitor(settings.monitor.host, port, self.metrics) if port else None
        self._began = 0.0
        self._looked = float("-inf")

    def __enter__(self) -> Process:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        """An error for which one would wait is none when the process was to stop."""
        if isinstance(error, Stopped):
            logger.warning("stopped in the middle of something; it comes again")
        self.counter.flush()
        self.house.close()
        if self.monitor:
            self.monitor.close()
        if error is None and not self.stop:  # else the end is near, watched and told of
            self.stop.release()
            self._plain()
        return bool(self.stop) and isinstance(error, Unavailable | Conflict)

    def asked(self) -> bool:
        """Whether to stop. Who asks shows that the loop goes round."""
        self.pulse.beat()
        return bool(self.stop)

    def insist(self, act: Callable[[], T]) -> T:
        """Do it; while a server is away wait and do it again, for as long as it takes.

        When the process is to stop meanwhile, the error passes.
        """
        pause, since = FIRST_PAUSE, time.monotonic()
        while True:
            try:
                done = act()
            except (Unavailable, Conflict) as error:
                self._note(error)
                if self.stop.wait(pause * random.uniform(0.75, 1.25)):  # noqa: S311 - so that not all come at once
                    raise
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            self._go_on(since)
            return done

    def pause(self, seconds: float) -> None:
        """Between two tries of one record. Raises Stopped when asked to stop."""
        self.pulse.beat()
        if self.stop.wait(seconds):
            raise Stopped

    def timed(self, handle: Handle) -> Handle:
        """The same, and the batch's time begins with it."""

        def handling(records: Sequence[Record]) -> Outs:
            self._began = self._began or time.perf_counter()
            return handle(records)

        return handling

    def came_round(self, done: int) -> None:
        """A round is over, in which so much was done."""
        self.pulse.beat()
        if done:
            self.pulse.progress()
        if done and self._began:
            self.metrics.took(time.perf_counter() - self._began)
        self._began = 0.0
        self.counter.flush_when_due()

    def look_behind(self, topic: str, group: str) -> None:
        """Measure the lag every now and then."""
        if time.monotonic() - self._looked >= LAG_EVERY:
            self._looked = time.monotonic()
            self.metrics.behind(topic, group, self.house.log.lag(topic, group))

    def _note(self, error: Unavailable | Conflict) -> None:
        if isinstance(error, Conflict):
            self.counter("retried", "Conflict")
            return
        what = away(error)
        if what != self.pulse.waiting_for:
            logger.warning("waiting for the %s: %s", what, tell(error))
        self.pulse.wait(what, say(error))
        self.counter("waited", what)

    def _go_on(self, since: float) -> None:
        self.pulse.beat()
        if self.pulse.waiting_for:
            logger.info("the %s is back after %.0f s", self.pulse.waiting_for, time.monotonic() - since)
            self.pulse.go_on()
