"""``natsauth generate config``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import click

from natsauth.cli._commands import Mistake, command
from natsauth.cli._options import replace_option, write_output
from natsauth.cli._output import path_text
from natsauth.cli._tree import Workspace, found
from natsauth.config import ResolverKind, render_resolver
from natsauth.errors import ConfigError

if TYPE_CHECKING:
    from natsauth.authority import AccountNode, OperatorNode
    from natsauth.cli._session import Session

_HINT = "--nats-resolver, --nats-resolver-cache, --mem-resolver and --url-resolver are there"


@command(
    "config",
    "natsauth generate config --nats-resolver --sys-account SYS > resolver.conf",
    "natsauth generate config --nats-resolver --dir /data/jwt --config-file resolver.conf",
    "natsauth generate config --mem-resolver --config-file server.conf -F",
)
@click.option("--nats-resolver", "full", is_flag=True, help="Keep all accounts, to push to.")
@click.option("--nats-resolver-cache", "cache", is_flag=True, help="Ask others for accounts.")
@click.option("--mem-resolver", "memory", is_flag=True, help="All accounts in the configuration.")
@click.option("--url-resolver", "url_kind", is_flag=True, help="Ask a web server for accounts.")
@click.option("--sys-account", metavar="ACCOUNT", help="The system account: name or public key.")
@click.option(
    "--config-file", default="--", metavar="FILE", help="Where it goes; -- is the screen."
)
@replace_option
@click.option("--dir", metavar="DIR", help="Where the server keeps accounts; ./jwt by default.")
@click.option("--allow-delete", is_flag=True, default=None, help="Let accounts be deleted.")
@click.option("--interval", metavar="TIME", help="How often servers compare; 2m by default.")
@click.option("--timeout", metavar="TIME", help="How long others are asked; 1.9s by default.")
@click.option("--ttl", metavar="TIME", help="How long a cache keeps an account; 1h by default.")
@click.option("--limit", type=click.IntRange(1), help="How many accounts are kept.")
@click.option("--url", metavar="URL", help="What a web server is asked, before the public key.")
@click.pass_obj
def config(
    session: Session,
    /,
    *,
    full: bool,
    cache: bool,
    memory: bool,
    url_kind: bool,
    sys_account: str | None,
    config_file: str,
    force: bool,
    **settings: Any,
) -> None:
    """Print the configuration by which servers trust the operator.

    The accounts of a --nats-resolver are pushed, once the server runs: natsauth push -A.
    """
    wanted = dict(zip(get_args(ResolverKind), (full, cache, memory, url_kind), strict=True))
    kinds = [kind for kind, is_wanted in wanted.items() if is_wanted]
    if len(kinds) != 1:
        problem = "Only one kind of resolver can be had." if kinds else "Which kind of resolver?"
        raise Mistake(problem, click.get_current_context(), hint=_HINT)
    node = Workspace(session).operator()
    preloaded = list(node.accounts.values()) if memory else []
    system = _system_account(node, sys_account)
    if system is not None:
        preloaded.append(system)
    elif full or cache:
        raise ConfigError(
            "the operator has no system account, which this resolver needs",
            hint="natsauth edit operator --system-account NAME, or --sys-account here",
        )
    tokens = {account.public_key: account.token for account in preloaded}
    key = system.public_key if system else None
    text = render_resolver(node.token, tokens.values(), kinds[0], system_account=key, **settings)
    if config_file == "--":
        session.output.show({"config": text}, text)
        return
    write_output(config_file, text, force=force)
    message = f"wrote server configuration to {path_text(config_file)}"
    session.output.ok(message, file=config_file, kind="config")


def _system_account(operator: OperatorNode, wanted: str | None) -> AccountNode | None:
    """Return the system account that is wanted, or that of the operator, or ``None``."""
    if wanted:
        return found(operator.accounts, wanted, operator)
    return operator.system_account if operator.claims.nats.system_account else None
