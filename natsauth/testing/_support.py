"""What several parts of the kit need."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any, TypeVar

from natsauth import _watchdog
from natsauth._wire import read_document
from natsauth.claims import Account, Permissions, User
from natsauth.errors import FileError, NatsAuthError, ResolverError, UsageError
from natsauth.policy import evaluate

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Iterator

T = TypeVar("T")
_COMPARED = 80
"""How much of a name is compared with others, in characters."""


def user_body(permissions: object) -> User | None:
    """Return the body of a user with some permissions; nothing if there are none.

    Raises:
        UsageError: They are none, or have members that no server reads.
        ClaimsError: A member has the wrong type.
    """
    if permissions is None:
        return None
    if isinstance(permissions, Mapping):
        evaluate(permissions)  # which refuses members that no server reads
        permissions = read_document(Permissions, dict(permissions))
    if not isinstance(permissions, Permissions):
        raise UsageError(
            f"expected permissions, got {type(permissions).__name__}",
            hint='as in {"pub": {"allow": ["orders.>"]}}',
        )
    return User(**{item.name: getattr(permissions, item.name) for item in fields(permissions)})


def require_nats() -> None:
    """Find nats-py.

    Raises:
        ResolverError: It is not installed.
    """
    if find_spec("nats") is None:
        raise ResolverError(
            "this needs nats-py, which is not installed",
            hint='python -m pip install "natsauth[testing]"',
        )


def is_text(value: object) -> bool:
    """Tell whether something is text that can be written to a file."""
    return isinstance(value, str) and value.encode(errors="replace").decode() == value


def meant(name: object, names: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Ask for the name that is likely meant; an empty string if none is."""
    from difflib import get_close_matches

    near = get_close_matches(name[:_COMPARED], names, 1, cutoff) if isinstance(name, str) else ()
    return f"did you mean {str(near[0])!r:.80}?" if near else ""


def only(kind: str, names: list[str]) -> str:
    if len(names) != 1:
        found = ", ".join(names[:5]) or "none"
        raise UsageError(f"which {kind}? there are {found}", hint=f"name it with {kind}=")
    return names[0]


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, whether or not an event loop runs in this thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def account_body(jetstream: object) -> Account:
    """Return the body of an account without limits, be it with JetStream."""
    body = Account()
    if jetstream:
        limits = body.limits
        limits.mem_storage = limits.disk_storage = limits.streams = limits.consumer = -1
    return body


@contextmanager
def documented() -> Iterator[None]:
    """Make a FileError of what the operating system refuses, such as a full disk."""
    try:
        yield
    except NatsAuthError:  # some are OSErrors, too
        raise
    except OSError as error:
        raise FileError(f"the sandbox cannot start: {error}") from error


def make_directory() -> Path:
    """Make a temporary directory, which goes if this process is killed.

    Raises:
        FileError: None can be made.
    """
    try:
        directory = Path(mkdtemp(prefix="natsauth-")).absolute()
    except OSError as error:
        raise FileError(f"no directory can be made for a sandbox: {error}") from error
    try:
        _watchdog.watch(directory)
    except BaseException:
        directory.rmdir()
        raise
    return directory


def remove_directory(directory: Path) -> None:
    """Remove such a directory."""
    shutil.rmtree(directory, ignore_errors=True)
    _watchdog.forget(directory)
