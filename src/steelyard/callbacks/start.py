"""When a deferred treatment sets in."""

from steelyard.errors import RequestError


def checked_start(at: float) -> float:
    """A share of the epochs in [0, 1), or a whole number of epochs to wait."""
    if not (0 <= at < 1 or (at >= 1 and float(at).is_integer())):
        raise RequestError(
            f"at = {at!r}; give a share of the epochs in [0, 1), such as 0.8, or the whole number "
            "of epochs to wait"
        )
    return float(at)


def first_epoch(at: float, epochs: int) -> int:
    """The epoch, counted from 0, with which it sets in.

    >>> first_epoch(0.8, 10), first_epoch(3.0, 10)
    (8, 3)
    """
    start = round(at * epochs, 9) if at < 1 else at
    return int(-(-start // 1))


def check_reached(start: int, epochs: int) -> None:
    """RequestError if training ends before the treatment sets in."""
    if start >= epochs:
        raise RequestError(
            f"the treatment would set in with epoch {start + 1}, but fit trains {epochs}; "
            "lower at, or train longer"
        )
