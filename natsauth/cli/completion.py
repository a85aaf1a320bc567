"""``natsauth completion``."""

from __future__ import annotations

import click
from click.shell_completion import ShellComplete, get_completion_class

from natsauth.cli._commands import Mistake, command
from natsauth.cli._session import Session

SHELLS = ("bash", "zsh", "fish")


@command(
    "completion",
    'eval "$(natsauth completion bash)"',
    "natsauth completion fish > ~/.config/fish/completions/natsauth.fish",
)
@click.argument("shell", type=click.Choice(SHELLS), required=False)
@click.pass_context
def completion(ctx: click.Context, shell: str | None) -> None:
    """Print the completion script of a shell."""
    if shell is None:
        raise Mistake("Which shell? bash, zsh or fish.", ctx, hint=f"{ctx.command_path} bash")
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"click knows no completion for {shell}", ctx)
    script = kind(ctx.find_root().command, {}, "natsauth", "_NATSAUTH_COMPLETE")
    # Bash's own method would start bash to ask for its version.
    text = ShellComplete.source(script)
    session = ctx.ensure_object(Session)
    session.output.show({"script": text, "shell": shell}, text)
