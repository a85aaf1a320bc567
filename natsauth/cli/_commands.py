"""Commands and groups of them: with the options of every command, examples, and loaded late."""

from __future__ import annotations

import os
from importlib import import_module
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from natsauth.cli._keys import key
from natsauth.cli._session import session_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


class Entry:
    """Where a command is found, so that its module is loaded only when it is used.

    Attributes:
        place: ``module:name``.
        summary: What the command says of itself, in a line.
    """

    def __init__(self, place: str, summary: str) -> None:
        self.place = place
        self.summary = summary


class Mistake(click.UsageError):
    """A mistake in the command line, with a cure of its own."""

    def __init__(self, message: str, ctx: click.Context | None = None, *, hint: str = "") -> None:
        super().__init__(message, ctx)
        self.hint = hint


class _Base(click.Command):
    """Shows the options of every command apart from its own, and examples."""

    def __init__(self, *args: Any, examples: tuple[str, ...], **more: Any) -> None:
        super().__init__(*args, **more)
        self.params += _SHARED
        self.examples = examples

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; a mistake in them is told with the usage of this command."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx  # click's parser leaves it out
            raise

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, and those of every command after them.

        Arguments stand in the usage; click 8.5 would give them lines here, too.
        """
        params = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        own = [param for param in params if param not in _SHARED]
        for title, params in (("Options", own), ("Options of every command", _SHARED)):
            records = [record for param in params if (record := param.get_help_record(ctx))]
            with formatter.section(title):
                formatter.write_dl(records)

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples as they are, however long."""
        formatter.write("\nExamples:\n" + "".join(f"  {example}\n" for example in self.examples))


class Command(_Base):
    """A command; :func:`command` makes one of a function.

    Args:
        examples: How it is used, a command line each.
        args: As for ``click.Command``.
        more: Likewise.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; ``--flag=false`` and the like are taken as Go's flags have them."""
        options = {
            name: param
            for param in self.params
            if isinstance(param, click.Option)
            for name in param.opts
        }
        ctx.allow_extra_args = True  # click's own message about them has no cure
        words = [*_as_click_has_them(args, options)]
        try:
            extra = super().parse_args(ctx, [*words])
        except click.MissingParameter as error:
            _, extra, _ = self.make_parser(ctx).parse_args(words)
            if not (extra and isinstance(error.param, click.Option)):
                raise
            hint = f"{ctx.command_path} {error.param.opts[0]} {extra[0]:.60}"
            raise Mistake(error.format_message(), ctx, hint=hint) from None
        if extra and not ctx.resilient_parsing:
            text = " ".join(extra)
            hint = self._place_of(extra[0], ctx)
            raise Mistake(f"Got unexpected extra arguments: {text:.60}", ctx, hint=hint)
        return extra

    def _place_of(self, word: str, ctx: click.Context) -> str:
        """Say how a name is given that stands where the command takes none."""
        free = {
            name
            for param in self.params
            if isinstance(param, click.Option) and not ctx.params.get(param.name or "")
            for name in param.opts
            if not param.is_flag
        }
        if any(isinstance(param, click.Argument) for param in self.params):
            return ""
        is_file = os.path.isfile(word)  # noqa: PTH113 - it raises nothing
        wanted = ("-f",) if is_file and "-f" in free else ("-n", "-a")
        option = next((name for name in wanted if name in free), "")
        return f"{ctx.command_path} {option} {word:.60}" if option else ""


class Bare(click.Option):
    """An option whose value follows ``=``, or is left out.

    Args:
        args: As for ``click.Option``.
        bare: The value that is meant where there is none.
        more: As for ``click.Option``.
    """

    def __init__(self, *args: Any, bare: str, **more: Any) -> None:
        super().__init__(*args, **more)
        self.bare = bare


class Group(_Base, click.Group):
    """A group of commands whose modules are loaded when they are used.

    Args:
        name: What it is called.
        summary: What its commands do.
        entries: Its commands by name.
        examples: How they are used, a command line each.
        elsewhere: Words of nsc that are no commands here, and what there is in their place.
        aliases: Words that other programs have for some of its groups.
        more: As for ``click.Group``.
    """

    def __init__(
        self,
        name: str,
        summary: str,
        entries: dict[str, Entry | Group],
        *examples: str,
        elsewhere: Mapping[str, str] | None = None,
        aliases: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(
            name,
            help=summary,
            examples=examples,
            callback=_help_alone,
            invoke_without_command=True,
            subcommand_metavar="COMMAND [ARGS]...",
            **more,
        )
        self.entries = entries
        self.elsewhere = elsewhere or {}
        self.aliases = aliases or {}

    @property
    def summary(self) -> str:
        """What its commands do."""
        return self.help or ""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names of the commands, in order."""
        return sorted(self.entries)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a name; as in nsc ``list account`` and ``add_x`` will do."""
        name = cmd_name.replace("_", "-")
        found = self.entries.get(name) or self.entries.get(f"{name}s")
        return _load(found) if isinstance(found, Entry) else found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of the first argument; of a mistyped one the nearest is named."""
        word = args[0]
        if not (word.startswith("-") or ctx.resilient_parsing or self.get_command(ctx, word)):
            hint = self._instead(ctx, word, args[1] if len(args) > 1 else "")
            raise Mistake(f"There is no command {word!r:.60}.", ctx, hint=hint)
        return super().resolve_command(ctx, args)

    def _instead(self, ctx: click.Context, word: str, following: str) -> str:
        """Return what to type instead of a word that is no command; nothing if none is near."""
        from difflib import get_close_matches

        if hint := self.elsewhere.get(word):
            return hint
        groups = {name: item for name, item in self.entries.items() if isinstance(item, Group)}
        if alias := self.aliases.get(word):
            noun = f" {following}" if groups[alias].get_command(ctx, following) else ""
            return f"did you mean {ctx.command_path} {alias}{noun}?"
        verbs = [name for name, group in groups.items() if group.get_command(ctx, word)]
        verb = following if following in verbs else next(iter(verbs), "")
        if verb:
            return f"did you mean {ctx.command_path} {verb} {word}?"
        near = get_close_matches(word, self.entries, n=1)
        return f"did you mean {ctx.command_path} {near[0]}?" if near else ""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, then the options."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, self.entries[name].summary) for name in sorted(self.entries)]
            )
        super().format_options(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write nothing more: the commands stand first."""


def command(name: str, *examples: str, **more: Any) -> Callable[[Callable[..., Any]], Command]:
    """Make a command of a function, as ``click.command`` does.

    Args:
        name: What it is called.
        examples: How it is used, a command line each.
        more: As for ``click.command``.
    """
    return click.command(name, cls=Command, examples=examples, **more)


_TRUE = {"1", "t", "T", "true", "TRUE", "True"}
_FALSE = {"0", "f", "F", "false", "FALSE", "False"}


def _as_click_has_them(args: list[str], options: dict[str, click.Option]) -> Iterator[str]:
    rest = iter(args)
    for arg in rest:
        name, equals, value = arg.partition("=")
        option = options.get(name)
        if arg == "--":
            yield from (arg, *rest)
        elif option is None:
            yield arg
        elif isinstance(option, Bare):
            yield arg if equals else f"{name}={option.bare}"
        elif not option.is_flag:
            yield from (arg, *([] if equals else islice(rest, 1)))
        elif value in _FALSE:
            yield from option.secondary_opts[:1]  # without one, it is what holds anyway
        else:
            yield name if value in _TRUE else arg


def _load(entry: Entry) -> click.Command:
    module, _, name = entry.place.partition(":")
    loaded: click.Command = getattr(import_module(module), name)
    return loaded


@click.pass_context
def _help_alone(ctx: click.Context) -> None:
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
        ctx.exit()


def _shared(*names: str, **more: Any) -> click.Option:
    return click.Option(names, expose_value=False, callback=_remember, **more)


def _remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value is None or value is False or param.name is None:
        return
    session = session_of(ctx)
    if param.name == "json":
        session.output.json = True
    elif param.name == "private_key":
        session.private_key = value
    else:
        from pathlib import Path

        setattr(session, param.name, Path(value))


_DIRECTORY = click.Path(file_okay=False)
_SHARED = [
    _shared("-H", "--all-dirs", type=_DIRECTORY, help="All three directories below in one."),
    _shared("--config-dir", type=_DIRECTORY, help="Where nsc.json is."),
    _shared("--data-dir", type=_DIRECTORY, help="Where the stores are."),
    _shared("--keystore-dir", type=_DIRECTORY, help="Where keys and creds are."),
    _shared(
        "-K",
        "--private-key",
        type=key(word="role"),
        help="Key to sign with: a role, a public key, a seed, or a file with a seed.",
    ),
    _shared("-J", "--json", is_flag=True, help="Print JSON."),
]
