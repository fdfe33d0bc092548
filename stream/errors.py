"""Every control-flow exception that crosses a room's wall, in one place.

Anything not listed here is a bug or a passing fault: the worker retries it and, after the last try, sets the record aside.
"""


class MinshengError(Exception):
    """Base of the errors whose text is meant for a person (Chinese, naming the file, line or field, and what to do)."""


class Poison(MinshengError):
    """This record can never be handled: set it aside at once, do not retry."""


class Unavailable(MinshengError):
    """A server (or the disk) does not take anything now; nothing is wrong with the record.

    Whoever meets it waits and tries the same thing again, for as long as it takes; no record is set aside for it.
    """


class Conflict(MinshengError):
    """Somebody else changed the row first (compare-and-set on the version failed); read it again and decide anew."""


class NotifyError(MinshengError):
    """A notice was not accepted.

    Args:
        message: what happened, for duty staff.
        retryable: whether sending the same thing later can help.
    """

    def __init__(self, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.retryable = retryable
