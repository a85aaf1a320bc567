"""Fixed keys and a fixed clock, so that the same program makes the same tokens each time."""

from __future__ import annotations

from contextlib import contextmanager
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING

from natsauth import keys
from natsauth.claims import base
from natsauth.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_MOMENT = 1_700_000_000
"""A second of November 2023."""


@contextmanager
def deterministic(seed: str = "natsauth", *, now: datetime | float = _MOMENT) -> Iterator[None]:
    """Make the same keys and tokens in each run, for a ``with`` block.

    Within it the clock of natsauth stands still, and key pairs come out of the seed in the order in
    which they are made. This holds for the whole process, whichever thread makes them.

    **Such keys are no secrets**: whoever knows the seed, or guesses it, has them all. Nothing that
    is made in the block may ever meet a server that matters.

    Servers have clocks of their own: to them what expires shortly after ``now`` has expired. The
    keys and nonces of :mod:`natsauth.xkeys` stay random.

    Args:
        seed: Any text; another one gives other keys.
        now: The moment.

    Raises:
        UsageError: The seed is no text, or ``now`` no moment.
    """
    if not isinstance(seed, str):
        raise UsageError(f"a seed is text, got {type(seed).__name__}")
    moment, numbers = base.seconds(now), count()
    start = seed.encode(errors="surrogatepass")

    def drawn(size: int) -> bytes:
        return sha256(b"%d %b" % (next(numbers), start)).digest()[:size]

    replaced = {"urandom": (keys, drawn), "time": (base, lambda: float(moment))}
    before = {name: getattr(module, name) for name, (module, _) in replaced.items()}
    try:
        for name, (module, stand_in) in replaced.items():
            setattr(module, name, stand_in)
        yield
    finally:
        for name, (module, _) in replaced.items():
            setattr(module, name, before[name])
