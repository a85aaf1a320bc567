"""``natsauth list keys``, ``import keys`` and ``export keys``."""

from __future__ import annotations

import os
from base64 import b64encode
from dataclasses import dataclass
from errno import EEXIST
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from natsauth._files import write_file
from natsauth.claims import AccountClaims, UserClaims
from natsauth.claims.signing_keys import public_key_of
from natsauth.cli._commands import Mistake, command
from natsauth.cli._keys import key
from natsauth.cli._options import dry_run_option, options
from natsauth.cli._output import path_text
from natsauth.cli._tables import Table
from natsauth.cli._tree import Workspace
from natsauth.errors import (
    ExistsError,
    FileError,
    KeyTextError,
    NatsAuthError,
    NotFoundError,
    StoreDataError,
)
from natsauth.keys import PublicKey
from natsauth.store._disk import make_directory
from natsauth.store.base import ACCOUNT
from natsauth.token import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsauth.cli._options import Decorator
    from natsauth.cli._session import Session
    from natsauth.token import Token

_KINDS = ("operator", "account", "user", "curve")
_INDENT = {"account": " ", "curve": " ", "user": "  "}
_TARGET = "[ T ] auth callout encryption target\n"
_UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class _Listed:
    """A key, and whose it is.

    Attributes:
        name: The name of the operator, account or user.
        public_key: The public key.
        kind: The kind of entry whose key it is, or ``curve``.
        parent: Public key of the operator or account above an identity key.
        signing: Whether it is a signing key.
        token: The token of an identity key.
    """

    name: str
    public_key: str
    kind: str
    parent: str = ""
    signing: bool = False
    token: str = ""

    @property
    def mark(self) -> str:
        """What stands in the column about signing keys."""
        return "T" if self.kind == "curve" else "*" if self.signing else ""


def _part(_ctx: click.Context, _param: click.Parameter, text: str | None) -> str:
    """Refuse an empty part, as of a variable that is not set: it is in every key."""
    if text == "":
        raise click.BadParameter("it is empty, which every key has in it")
    return text or ""


def _selecting(curve: str, *short: str) -> Decorator:
    return options(
        click.option("-o", "--operator", is_flag=True, help="Keys of the operator."),
        click.option("-a", "--accounts", is_flag=True, help="Keys of accounts."),
        click.option("-u", "--users", is_flag=True, help="Keys of users."),
        click.option(*short, curve, "curve", is_flag=True, help="Curve keys of accounts."),
        click.option("-A", "--all", "every", is_flag=True, help="All keys of the operator's tree."),
        click.option("--account", metavar="NAME", help="Of this account alone, and its users."),
        click.option("--user", metavar="NAME", help="Of users of this name alone."),
        click.option(
            "-f", "--filter", "part", callback=_part, help="Keys with this in them alone."
        ),
        click.option(
            "--not-referenced", is_flag=True, help="Keys in the key ring that none of these is."
        ),
    )


@command(
    "keys",
    "natsauth list keys",
    "natsauth list keys --all --show-seeds",
    "natsauth list keys --operator --not-referenced",
)
@_selecting("--curve", "-x")
@click.option("-S", "--show-seeds", is_flag=True, help="Show the seeds, which are secrets.")
@click.pass_obj
def list_(session: Session, /, *, show_seeds: bool, **wanted: Any) -> None:
    """List keys of the operator, of the current account and of its users.

    Signing keys stand in the order of the token, which is that of their text. With -o, -a, -u, -x
    or -A the keys are those of all accounts.
    """
    if show_seeds and wanted["not_referenced"]:
        raise Mistake("--show-seeds and --not-referenced exclude each other.")
    work = Workspace(session)
    found = _select(session, work, **wanted)
    if not found:
        session.output.note("no key is like that")
    documents = [_document(work, item, show_seeds=show_seeds) for item in found]
    text = _seeds(work, found) if show_seeds else _table(work, found)
    session.output.show(documents, text if found else "", show_seeds=show_seeds)


def _table(work: Workspace, found: list[_Listed]) -> str:
    table = Table("Keys", "Entity", "Key", "Signing Key", "Stored")
    for item in found:
        table.row(_entity(item), item.public_key, item.mark, _stored(work, item.public_key))
    legend = ""
    if any(item.name == _UNKNOWN for item in found):
        legend = "[ ? ] unreferenced key - may belong to a different operator context\n"
    return table.render() + legend + _TARGET


def _seeds(work: Workspace, found: list[_Listed]) -> str:
    table = Table("Seeds Keys", "Entity", "Private Key", "Signing Key")
    for item in found:
        try:
            shown = work.store.seed(item.public_key)
        except NotFoundError:
            shown = f"{item.public_key} [!]"
        except NatsAuthError:
            shown = f"{item.public_key} [ERR]"
        table.row(_entity(item), shown, item.mark)
    return f"{table.render()}[ ! ] seed is not stored\n[ERR] error reading seed\n{_TARGET}"


def _entity(item: _Listed) -> str:
    indent = "" if item.name == _UNKNOWN else _INDENT.get(item.kind, "")
    return indent + item.name


def _stored(work: Workspace, public_key: str) -> str:
    try:
        work.store.seed(public_key)
    except NotFoundError:
        return ""
    except StoreDataError:
        return "BAD"
    return "*"


def _document(work: Workspace, item: _Listed, *, show_seeds: bool) -> dict[str, Any]:
    """Return a key as nsc's JSON has it, the token in base64 once more."""
    stored = _stored(work, item.public_key)
    document = {
        "name": item.name,
        "pub": item.public_key,
        "expected_kind": item.kind,
        "signing": item.signing,
        "curve": item.kind == "curve",
        "key_path": str(work.store.key_file(item.public_key)) if stored else "",
        "invalid": stored == "BAD",
    }
    more = {
        "parent": item.parent,
        "jwt": b64encode(item.token.encode()).decode(),
        "seed": work.store.seed(item.public_key) if show_seeds and stored == "*" else "",
    }
    return document | {name: value for name, value in more.items() if value}


def _select(
    session: Session,
    work: Workspace,
    *,
    every: bool,
    account: str | None,
    user: str | None,
    part: str,
    not_referenced: bool,
    **kinds: bool,
) -> list[_Listed]:
    """Return the keys that the options of :func:`_selecting` mean."""
    flags = ("operator", "accounts", "users", "curve")
    chosen = {kind for kind, flag in zip(_KINDS, flags, strict=True) if kinds[flag]}
    if not (account or chosen or every or not_referenced):
        account = work.context.account
    found = list(_collect(session, work, account, user))
    if user and not any(item.kind == "user" for item in found):
        raise NotFoundError(f"there is no user {user!r:.80}")
    if not_referenced:
        known = {item.public_key for item in found}
        ring = [key for key in work.store.public_keys() if key not in known]
        keys = [_Listed(_UNKNOWN, key, str(PublicKey.parse(key).type)) for key in ring]
        found = sorted(
            (item for item in keys if item.kind in _KINDS),
            key=lambda item: (_KINDS.index(item.kind), item.public_key),
        )
    if chosen and not every:
        found = [item for item in found if item.kind in chosen]
    return [item for item in found if part.upper() in item.public_key]


def _collect(
    session: Session, work: Workspace, account: str | None, user: str | None
) -> Iterator[_Listed]:
    """Go through the keys of the current operator and of its accounts, or of one of them."""
    operator = work.operator()
    token, above = operator.token, operator.public_key
    yield _Listed(token.claims.name, above, "operator", token=token.encoded)
    for signing_key in token.claims.nats.signing_keys or ():
        yield _Listed(token.claims.name, signing_key, "operator", signing=True)
    names = [work.account(account).name] if account else operator.accounts
    for name in names:
        path = (operator.name, name)
        if (read := _read(session, work, *path)) is None:
            continue
        claims = read.claims
        yield _Listed(claims.name, claims.sub, "account", above, token=read.encoded)
        for signing_key in map(public_key_of, claims.nats.signing_keys):
            yield _Listed(claims.name, signing_key, "account", signing=True)
        if xkey := claims.nats.authorization.xkey:
            yield _Listed(claims.name, xkey, "curve")
        for one in work.store.names(*path):
            if user in (None, one) and (read := _read(session, work, *path, one)) is not None:
                sub, text = read.claims.sub, read.encoded
                yield _Listed(read.claims.name, sub, "user", claims.sub, token=text)


def _read(session: Session, work: Workspace, *path: str) -> Token[Any] | None:
    """Return a token; one that cannot be read is reported, and the others go on."""
    try:
        kind = AccountClaims if len(path) == ACCOUNT else UserClaims
        return decode(work.store.read(*path), kind)
    except NatsAuthError as error:
        session.output.error(f"{work.store.where(*path)}: {error.args[0]}", path=path)
        return None


@command(
    "keys",
    "natsauth export keys --all --dir ./backup",
    "natsauth export keys --all --include-jwts --dir ./backup --force",
)
@_selecting("--curves")
@click.option(
    "-d", "--dir", "directory", type=click.Path(file_okay=False), required=True, help="Where to."
)
@click.option("-F", "--force", is_flag=True, help="Overwrite files.")
@click.option("-R", "--remove", is_flag=True, help="Remove the seeds from the key ring, then.")
@click.option("--include-jwts", is_flag=True, help="Export the tokens, too.")
@dry_run_option
@click.pass_obj
def export(
    session: Session,
    /,
    directory: str,
    *,
    force: bool,
    remove: bool,
    include_jwts: bool,
    dry_run: bool,
    **wanted: Any,
) -> None:
    """Write seeds to files of their own, <public key>.nk, which only their owner can read.

    Which keys they are is said as for list keys: without --all those of the operator, of the
    current account and of its users.
    """
    work, place = Workspace(session), Path(directory).expanduser()
    found = _select(session, work, **wanted)
    if not found:
        raise NotFoundError("no key is like that", hint="natsauth list keys shows what there is")
    if not dry_run:
        make_directory(place)
    for item in found:
        _export_seed(session, work, item, place, force=force, remove=remove, dry_run=dry_run)
    for item in found if include_jwts else ():
        if item.token:
            _export_token(session, item, place, force=force, dry_run=dry_run)
    if dry_run:
        session.output.note("nothing was changed: this was a dry run")


def _export_seed(
    session: Session,
    work: Workspace,
    item: _Listed,
    place: Path,
    *,
    force: bool,
    remove: bool,
    dry_run: bool,
) -> None:
    public, file = item.public_key, place / f"{item.public_key}.nk"
    try:
        seed = work.store.seed(public)
        if remove and os.path.exists(file) and file.samefile(work.store.key_file(public)):  # noqa: PTH110 - it raises nothing
            raise ExistsError(f"{path_text(file)} is the key ring's own file")
        if not dry_run:
            write_file(file, seed.encode(), overwrite=force)
            if remove:
                work.store.delete_seed(public)
    except NotFoundError:
        session.output.warning(f'skipped "{public}" - no seed available', public_key=public)
    except NatsAuthError as error:
        session.output.error(_problem(error), public_key=public)
    else:
        verb = "moved" if remove else "exported"
        session.output.ok(f'{verb} "{public}"', public_key=public, file=str(file))


def _export_token(
    session: Session, item: _Listed, place: Path, *, force: bool, dry_run: bool
) -> None:
    file = place / f"{item.public_key}.jwt"
    try:
        if not dry_run:
            write_file(file, item.token.encode(), overwrite=force)
    except NatsAuthError as error:
        session.output.error(_problem(error), public_key=item.public_key)
    else:
        session.output.ok(f'exported "{file.name} ({item.name})"', file=str(file))


def _problem(error: NatsAuthError) -> str:
    """Return what is wrong, with the option that helps where a file is there already."""
    is_there = isinstance(error, FileError) and error.errno == EEXIST
    return f"{error.args[0]} (hint: -F replaces it)" if is_there else str(error.args[0])


@command(
    "keys", "natsauth import keys --dir ./backup", "natsauth import keys --recurse --dir ~/keys"
)
@click.option(
    "-d",
    "--dir",
    "directory",
    type=click.Path(exists=True, file_okay=False),
    required=True,
    help="Where from.",
)
@click.option("-R", "--recurse", is_flag=True, help="Look into the directories in it, too.")
@dry_run_option
@click.pass_obj
def import_(session: Session, directory: str, *, recurse: bool, dry_run: bool) -> None:
    """Take the seeds in files *.nk into the key ring."""
    work = Workspace(session)
    files = sorted(_key_files(directory, recurse=recurse))
    if not files:
        raise NotFoundError("no nkey (.nk) files found", hint="" if recurse else "try --recurse")
    for file in files:
        shown = path_text(file)
        try:
            public, is_new = _import(work, file, dry_run=dry_run)
        except (NatsAuthError, click.BadParameter) as error:
            message = error.message if isinstance(error, click.BadParameter) else error.args[0]
            session.output.error(f"failed to import {shown}: {message}", file=file)
        else:
            done = "was added to the keystore" if is_new else "is in the keystore already"
            session.output.ok(f"{public} {done}", public_key=public, file=file)
    if dry_run:
        session.output.note("nothing was changed: this was a dry run")


def _key_files(directory: str, *, recurse: bool) -> Iterator[str]:
    for place, directories, files in os.walk(directory):
        yield from (os.path.join(place, file) for file in files if file.endswith(".nk"))  # noqa: PTH118 - text, as os.walk gives it
        if not recurse:
            directories.clear()


def _import(work: Workspace, file: str, *, dry_run: bool) -> tuple[str, bool]:
    """Take in a seed, and return its public key, and whether it was not there yet."""
    found = key()(file)
    if isinstance(found, str | PublicKey):
        raise KeyTextError("it holds a public key, not its seed")
    is_new = not work.has_seed(found.public_key)
    if not dry_run:
        work.store.add_seed(found.reveal_seed())
    return found.public_key, is_new
