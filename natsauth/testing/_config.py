"""The configuration of a sandbox's servers, and what they say of it."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from natsauth.errors import ConfigError
from natsauth.testing._cluster import trust

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from natsauth.authority import OperatorNode

_RESOLVER = "{ type: full, dir: './jwt', timeout: '50ms', allow_delete: true }"
_SIZES: dict[str, Any] = {"max_mem": 1 << 40, "max_file": 1 << 40}
"""What a server may use for JetStream, in bytes: whatever there is."""


def with_jetstream(jetstream: bool | str, config: str) -> str:  # noqa: FBT001 - as Sandbox has it
    """Return configuration text with JetStream before it, be it of a domain, if it is wanted."""
    if not jetstream:
        return config
    options = {"store_dir": "./jetstream", **_SIZES}
    if isinstance(jetstream, str):
        options["domain"] = jetstream
    return f"jetstream: {json.dumps(options, ensure_ascii=False)}\n{config}"


def server_config(operator: OperatorNode, directory: Path, more: str) -> str:
    """Return the configuration of a server, which finds the accounts in its new directory.

    Args:
        operator: Whom it trusts.
        directory: Where it will run.
        more: More text, at the end.
    """
    accounts = directory / "jwt"
    accounts.mkdir(parents=True)
    for account in operator.accounts.values():
        (accounts / f"{account.public_key}.jwt").write_text(account.token.encoded)
    return trust(operator.token, operator.system_account.token, _RESOLVER, more)


@contextmanager
def lines_of(config: str, text: str, directory: Path) -> Iterator[None]:
    """Have errors of servers name the lines of ``config`` in place of those of their files.

    Args:
        config: What the user of the sandbox has written.
        text: A whole configuration, which ends with that.
        directory: Where the files are.
    """
    try:
        yield
    except ConfigError as error:
        message = _renamed(error.args[0], config, text, directory)
        raise ConfigError(message, hint=error.hint) from None


def _renamed(message: str, config: str, text: str, directory: Path) -> str:
    count = config.count("\n") + 1
    before = 1 + text.count("\n") - count  # the first line of the file is its name

    def renamed(found: re.Match[str]) -> str:
        line = int(found["line"]) - before
        if line < 1:
            return found[0]
        place = f"line {line} of config" if line <= count else "the end of config"
        return f"at {place}" if found["words"] == "on line " else place

    words = rf"on line |{re.escape(str(directory))}/n\d+/server\.conf:"
    return re.sub(rf"(?P<words>{words})(?P<line>\d+)(?::\d+)?", renamed, message)
