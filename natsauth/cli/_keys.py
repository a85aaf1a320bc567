"""The type of options and arguments that are keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from natsauth.cli._session import session_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from natsauth.keys import KeyPair, PublicKey
    from natsauth.xkeys import CurveKeyPair

    Pair = KeyPair | CurveKeyPair
    Key = Pair | PublicKey | str
    """A pair where the seed is known, a public key where it is not, or a word."""

_SUFFIX = ".nk"
_LONG = 40
"""From here on, text in the place of a key may be a damaged seed, and is not repeated."""


class _Refusal(click.BadParameter):
    """What is no key, with a cure of its own."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def key(
    *roles: str, generate: bool = False, word: str = "", hint: str = ""
) -> Callable[[str], Key]:
    """Return a type for ``click.option``: a public key, a seed, or the name of a file with one.

    Args:
        roles: The roles that it may have, such as ``operator``; any if none is given.
        generate: Whether ``generate`` gives a new key pair, of the first of the roles.
        word: What any other word stands for, such as ``role``; it is given as text.
        hint: The cure where text is none of these.
    """
    choices = ["a public key", "a seed", "the name of a file with one"]
    choices += [f"a {word}"] if word else []
    choices += ["generate"] if generate else []
    expected = f"{', '.join(choices[:-1])}, or {choices[-1]}"

    def key(text: str) -> Key:
        from natsauth.errors import NatsAuthError

        if generate and text == "generate":
            return generated(roles[0])
        try:
            found = _pair_or_public(text)
        except NatsAuthError as error:
            raise click.BadParameter(str(error)) from None
        if found is None:
            if text.endswith(_SUFFIX):
                raise click.BadParameter(f"there is no file {text!r:.80}")
            if word and len(text) < _LONG and not {"/", "\\"} & {*text}:
                return text
            shown = repr(text) if len(text) < _LONG else "something else"
            raise _Refusal(f"expected {expected}, got {shown}", hint)
        if roles and found.type not in roles:
            expected_roles = " or ".join(roles)
            raise click.BadParameter(f"expected a key of role {expected_roles}, got {found.type}")
        return found

    return key


def generated(role: str) -> Pair:
    """Return a new key pair of a role."""
    from natsauth.keys import KeyPair, KeyType
    from natsauth.xkeys import CurveKeyPair

    return CurveKeyPair.generate() if role == KeyType.CURVE else KeyPair.generate(KeyType(role))


def _pair_or_public(text: str) -> Pair | PublicKey | None:
    import os

    from natsauth._files import read_file
    from natsauth.errors import KeyTextError

    if found := parse_key(text):
        ctx = click.get_current_context(silent=True)
        if ctx and text.strip().startswith("S"):
            session_of(ctx).output.note(
                "a seed on the command line stays in the history of the shell",
                hint="give the name of a file that holds it",
            )
        return found
    if "\0" in text:
        return None
    path = os.path.expanduser(text)  # noqa: PTH111 - Path raises where there is no such user
    if not os.path.isfile(path):  # noqa: PTH113 - the same
        return None
    found = parse_key(read_file(path, limit=4096).decode("ascii", "replace"))
    if found is None:
        raise KeyTextError(f"the file {text!r} holds neither a seed nor a public key alone")
    return found


def parse_key(text: str) -> Pair | PublicKey | None:
    """Return the key that text is; ``None`` if it is something else."""
    from natsauth.errors import KeyTextError
    from natsauth.keys import KeyPair, PublicKey
    from natsauth.xkeys import CurveKeyPair

    text = text.strip()
    try:
        if not text.startswith("S"):
            return PublicKey.parse(text)
        return CurveKeyPair.from_seed(text) if text[1:2] == "X" else KeyPair.from_seed(text)
    except KeyTextError:
        return None
