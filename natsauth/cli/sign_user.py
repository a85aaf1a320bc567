"""``natsauth sign-user``: a user, where there is one signing key and no store."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from natsauth.claims import User, UserClaims
from natsauth.cli._commands import Mistake, command
from natsauth.cli._keys import generated, key
from natsauth.cli._options import (
    edit_tags,
    lifetime,
    name_of,
    replace_option,
    tags,
    write_output,
)
from natsauth.cli._output import path_text
from natsauth.cli._permissions import edit_limits, edit_permissions, limits, permissions
from natsauth.cli._tree import Edit
from natsauth.creds import Creds
from natsauth.keys import KeyPair, KeyType, PublicKey, SecretKey
from natsauth.token import encode
from natsauth.validation import validate

if TYPE_CHECKING:
    from natsauth.cli._session import Session

_SIGNER = "-K FILE names the seed of a key of the account"
_NO_STORE = (
    "this looks into no store; natsauth describe account NAME --field sub gives the public key"
)


@command(
    "sign-user",
    'natsauth sign-user user-id -a AB… -K signing.nk --allow-pubsub "users.id.>" --expiry 30m',
    "natsauth sign-user user-id -a AB… -K signing.nk -k UC… > user.jwt",
    "natsauth sign-user user-id -a AB… -K scoped.nk --scoped -o user.creds",
)
@click.argument("name", required=False)
@click.option("-n", "--name", "option", metavar="NAME", help="Its name.")
@click.option(
    "-a",
    "--account",
    type=key("account", hint=_NO_STORE),
    required=True,
    help="The public key of its account.",
)
@click.option("-k", "--public-key", "user", type=key("user"), help="Its key; a new one by default.")
@click.option("--scoped", is_flag=True, help="The signing key has a scope: it gives permissions.")
@click.option("--jwt", "bare", is_flag=True, help="The token alone, also where the seed is known.")
@click.option(
    "-o", "--output-file", default="--", metavar="FILE", help="Where it goes; -- is the screen."
)
@replace_option
@tags
@lifetime
@permissions
@limits
@click.pass_obj
def sign_user(
    session: Session,
    /,
    name: str | None,
    option: str | None,
    account: PublicKey | KeyPair,
    user: PublicKey | KeyPair | None,
    output_file: str,
    *,
    scoped: bool,
    bare: bool,
    force: bool,
    **given: Any,
) -> None:
    """Sign a user with a signing key of an account, without a store.

    -K names the key: a file with its seed. Printed are creds where the seed of the user is known,
    as that of a new key is, and else the token.
    """
    signer = session.private_key
    if isinstance(signer, PublicKey):
        problem = f"-K needs the seed of the key that signs, got the public key {signer}."
        raise Mistake(problem, hint="-a takes the public key of the account, and -K the seed")
    if isinstance(signer, SecretKey) and signer.type != KeyType.ACCOUNT:
        problem = f"-K holds the seed of a key of role {signer.type}, and one of an account signs."
        raise Mistake(problem, hint=_SIGNER)
    if not isinstance(signer, KeyPair):
        raise Mistake("Which key signs?", hint=_SIGNER)
    claims = UserClaims(name=name_of(name, option, "user"))
    claims.nats = _body(session, given, scoped=scoped)
    pair = generated(KeyType.USER) if user is None else user
    claims.sub = pair.public_key
    if account.public_key != signer.public_key:
        claims.nats.issuer_account = account.public_key
    claims.exp, claims.nbf = given["expiry"] or 0, given["start"] or 0
    report = validate(claims, now=datetime.now(UTC))
    report.raise_for_errors()
    for issue in report.warnings:
        session.output.note(f"warning: {issue}")
    token = encode(claims, signer)
    creds = Creds.create(token, pair) if isinstance(pair, KeyPair) and not bare else None
    if user is None and bare and not claims.nats.bearer_token:
        raise Mistake("The seed of the new key would be lost.", hint="name a key by --public-key")
    text = creds.format() if creds else token.encoded
    if output_file == "--":
        document = {"expiry": claims.exp, "jwt": token.encoded, "public_key": claims.sub}
        document |= {"creds": text} if creds else {}
        session.output.show(document, text, show_seeds=True)
    else:
        write_output(output_file, text, force=force)
        message = f"wrote {'credentials' if creds else 'token'} to {path_text(output_file)}"
        session.output.ok(message, file=output_file, kind="user", public_key=claims.sub)


def _body(session: Session, given: dict[str, Any], *, scoped: bool) -> User:
    """Return what the options say that the user may do; nothing of its own where a scope does."""
    body = User()
    if scoped:
        body.clear()
    edit = Edit(session)
    edit_permissions(edit, body, given)
    edit_limits(edit, body, given)
    edit_tags(edit, body, given["tag"], [])
    if scoped and not body.is_empty():
        raise Mistake("The scope of the signing key alone gives permissions and limits.")
    return body
