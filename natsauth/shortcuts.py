"""The thin API: one call from plain values to a token, with the signatures of jwt.js.

Code that was written for ``@nats-io/jwt`` translates word for word::

    jwt = encode_user(
        "user-id",
        user_key,
        account_signing_key,
        {"issuer_account": account_id, "pub": {"allow": ["users.id.>"], "deny": []}},
        {"exp": int(time.time()) + 30 * 60},
    )

Keys are given as a :class:`~natsauth.KeyPair`, an ``nkeys.KeyPair`` or another signer, as the text
of a seed, or, where nothing is signed with them, as a public key. A body is a ``dict`` with the
names of the JSON, or the object. What is misspelt is an error, never silently "everything allowed".
"""

from __future__ import annotations

from copy import copy
from dataclasses import fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

from natsauth._codec import Path, Problems, render
from natsauth._json import JsonError, dumps, loads
from natsauth._wire import WireObject, read_document, write_document
from natsauth.claims.account import Account, AccountClaims
from natsauth.claims.activation import Activation, ActivationClaims
from natsauth.claims.base import FAR, Claims, seconds
from natsauth.claims.limits import OperatorLimits
from natsauth.claims.operator import Operator, OperatorClaims
from natsauth.claims.permissions import UNLIMITED
from natsauth.claims.user import User, UserClaims
from natsauth.creds import Creds
from natsauth.errors import ClaimsError, NatsAuthError, Problem, SecretError, UsageError
from natsauth.keys import KeyPair, KeyType, PublicKey
from natsauth.signing import signer_key
from natsauth.token import decode as decode_token
from natsauth.token import encode

if TYPE_CHECKING:
    from datetime import datetime

    from natsauth.signing import Signer

    Key = str | bytes | Signer | PublicKey
    """A key pair or other signer, the text of a seed, or a public key."""

B = TypeVar("B", bound=WireObject)


class Options(TypedDict, total=False):
    """What may be given beside the body.

    Attributes:
        exp: Expiry: Unix seconds or an aware datetime; 0 for never.
        nbf: Not valid before, likewise.
        iat: Moment of signing, likewise; now if not given.
        aud: Audience.
        signer: The key that signs in place of the issuer: one of its signing keys.
    """

    exp: float | datetime
    nbf: float | datetime
    iat: float | datetime
    aud: str
    signer: Key


class UserOptions(Options, total=False):
    """What may be given beside the body of a user.

    Attributes:
        scoped_user: Whether the signing key is a scoped one, whose users carry no permissions.
        scopedUser: The same, spelt as in jwt.js.
    """

    scoped_user: bool
    scopedUser: bool


def encode_operator(
    name: str,
    operator: Key,
    claims: dict[str, Any] | Operator | None = None,
    options: Options | None = None,
) -> str:
    """Return an operator token, signed by the operator or by ``options["signer"]``.

    Args:
        name: A name for people.
        operator: The operator's key.
        claims: The body; everything default if not given.
        options: See :class:`Options`.

    Raises:
        NatsAuthError: As :func:`encode_user`.
    """
    chosen = _options(options)
    subject = _public(operator, KeyType.OPERATOR)
    return _encode(OperatorClaims, name, subject, operator, _body(Operator, claims), chosen)


def encode_account(
    name: str,
    account: Key,
    claims: dict[str, Any] | Account | None = None,
    options: Options | None = None,
) -> str:
    """Return an account token, signed by the account, or by the operator as ``options["signer"]``.

    Args:
        name: A name for people.
        account: The account's key; its public key will do when an operator signs.
        claims: The body. Limits that are not given are unlimited; JetStream is off.
        options: See :class:`Options`.

    Raises:
        NatsAuthError: As :func:`encode_user`.
    """
    chosen = _options(options)
    unlimited = loads(write_document(OperatorLimits()))
    body = _body(Account, claims, {"limits": unlimited})
    subject = _public(account, KeyType.ACCOUNT)
    return _encode(AccountClaims, name, subject, account, body, chosen)


def encode_user(
    name: str,
    user: Key,
    issuer: Key,
    claims: dict[str, Any] | User | None = None,
    options: UserOptions | None = None,
) -> str:
    """Return a user token.

    Args:
        name: A name for people.
        user: The user's key; its public key will do.
        issuer: The account's key, or one of its signing keys together with
            ``claims["issuer_account"]``. With ``options["signer"]`` the account's public key.
        claims: The body: ``pub``, ``sub``, ``resp``, ``src``, … Limits that are not given are
            unlimited.
        options: See :class:`UserOptions`.

    Raises:
        ClaimsError: The body has a member that there is none of, or of the wrong type; or
            permissions although it is for a scoped signing key; or another account than the
            issuer.
        KeyTextError, KeyRoleError, IssuerError: A key is not one, or of the wrong role.
        SecretError: A public key was given to sign with.
        UsageError: An option that there is none of, or an argument of the wrong type.
    """
    chosen = _options(options, UserOptions)
    body = _body(User, claims, UNLIMITED)
    if chosen.get("scoped_user") or chosen.get("scopedUser"):
        _empty(body)
    subject = _public(user, KeyType.USER)
    return _encode(UserClaims, name, subject, issuer, body, chosen)


def encode_activation(
    name: str,
    subject: Key,
    issuer: Key,
    kind: str,
    claims: dict[str, Any] | Activation | None = None,
    options: Options | None = None,
) -> str:
    """Return an activation token: leave for an account to import a private export.

    Args:
        name: A name for people.
        subject: Key of the importing account; its public key will do.
        issuer: Key of the exporting account. With ``options["signer"]`` its public key.
        kind: ``stream`` or ``service``.
        claims: The body, above all ``subject``: what may be imported.
        options: See :class:`Options`.

    Raises:
        NatsAuthError: As :func:`encode_user`.
    """
    chosen = _options(options)
    body = _body(Activation, claims)
    body.kind = kind
    importer = _public(subject, KeyType.ACCOUNT)
    return _encode(ActivationClaims, name, importer, issuer, body, chosen)


def decode(jwt: str | bytes) -> Claims:
    """Return the verified claims of a token.

    Raises:
        NatsAuthError: As :func:`natsauth.decode`.
    """
    return decode_token(jwt).claims


def fmt_creds(jwt: str, user: Key) -> str:
    """Return the content of a creds file for a user token and the user's key or seed.

    Raises:
        CredsError: The token is not of a user, or of another one.
        NatsAuthError: As :func:`natsauth.decode`; or the key is none that can be written.
    """
    key = _signer(user)
    if not isinstance(key, KeyPair):
        seed = getattr(key, "seed", None)  # an nkeys.KeyPair has one
        if not isinstance(seed, bytes | bytearray):
            raise UsageError(f"expected a key pair or seed, got {type(key).__name__}")
        key = KeyPair.from_seed(seed)
    return Creds.create(jwt, key).format()


def parse_creds(creds: str | bytes) -> Creds:
    """Return the token and key of a creds file's content.

    Raises:
        CredsError: As :meth:`natsauth.Creds.parse`.
    """
    return Creds.parse(creds)


def _encode(
    cls: type[Any],
    name: str,
    subject: PublicKey,
    issuer: Key,
    body: Any,
    options: dict[str, Any],
) -> str:
    signer = _signer(options.get("signer", issuer))
    if isinstance(body, User | Activation):
        account = _public(issuer, KeyType.ACCOUNT) if "signer" in options else None
        _name_account(body, account, signer)
    claims = cls(sub=subject.public_key, name=name, nats=body, aud=options.get("aud", ""))
    claims.exp, claims.nbf = _moment(options, "exp"), _moment(options, "nbf")
    return encode(claims, signer, now=_moment(options, "iat") if "iat" in options else None).encoded


def _name_account(body: User | Activation, account: PublicKey | None, signer: Signer) -> None:
    """Check the account that a body names, and name it where ``signer`` signs in its place."""
    named = body.issuer_account
    if named:
        try:
            PublicKey.parse(named, expect=KeyType.ACCOUNT)
        except NatsAuthError as error:
            raise ClaimsError([Problem("$.issuer_account", str(error))]) from None
    if account is None:
        return
    if named not in ("", account.public_key):
        message = f"is {named}, but the issuer is {account}"
        raise ClaimsError([Problem("$.issuer_account", message)])
    if signer_key(signer) != account:
        body.issuer_account = account.public_key


def _options(options: Any, kind: type[Any] = Options) -> dict[str, Any]:
    if options is not None and not isinstance(options, dict):
        raise UsageError(f"expected a dict of options, got {type(options).__name__}")
    known = kind.__annotations__
    for name in options or ():
        if name not in known:
            raise UsageError(f"there is no option {name!r:.80}", hint=_likely(name, known))
    return {name: value for name, value in (options or {}).items() if value is not None}


def _moment(options: dict[str, Any], name: str) -> int:
    moment = seconds(options.get(name, 0))
    if not 0 <= moment < FAR:  # Go reads a negative expiry as none
        raise UsageError(
            f"{name} is {moment}, before 1970 or after 6325",
            hint="it is in seconds, not in milliseconds",
        )
    return moment


def _body(cls: type[B], claims: Any, defaults: dict[str, Any] | None = None) -> B:
    """Return a body of one's own: of an object or a ``dict`` with the names of the JSON."""
    if claims is None:
        return cls()
    if isinstance(claims, cls):
        return copy(claims)
    if not isinstance(claims, dict):
        raise UsageError(f"expected a dict or {cls.__name__}, got {type(claims).__name__}")
    try:
        given = loads(dumps(claims))
    except JsonError as error:
        raise ClaimsError([Problem("$", f"not JSON: {error}")]) from None
    body = read_document(cls, _over(defaults or {}, given))
    problems: Problems = []
    _note_unknown(body, (), problems)
    if problems:
        raise ClaimsError(problems)
    return body


def _over(defaults: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Lay what is given over the defaults, member by member."""
    merged = {**defaults, **{name: value for name, value in given.items() if value is not None}}
    for name, default in defaults.items():
        if isinstance(default, dict) and isinstance(merged[name], dict):
            merged[name] = _over(default, merged[name])
    return merged


def _note_unknown(value: Any, path: Path, problems: Problems) -> None:
    """Note members that no class knows: with a misspelt name nothing would be restricted."""
    if isinstance(value, dict):
        for name, item in value.items():
            _note_unknown(item, (path, name), problems)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _note_unknown(item, (path, index), problems)
    elif isinstance(value, WireObject):
        # The version is nobody's to give, and too like "permissions".
        names = [item.name for item in fields(value) if item.name not in ("extra", "version")]
        for name in value.extra:
            hint = _likely(name, names)
            message = f"there is no such member{'; ' if hint else ''}{hint}"
            problems.append(Problem(render((path, name)), message))
        for name in names:
            _note_unknown(getattr(value, name), (path, name), problems)


def _likely(name: object, known: Any) -> str:
    close = get_close_matches(str(name), known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"there are {', '.join(sorted(known))}"


def _empty(user: User) -> None:
    """Take the numbers of a new user away; anything else is not for a scoped signing key."""
    write_document(user)  # says what is of the wrong type
    for name, unlimited in UNLIMITED.items():
        if getattr(user, name) == unlimited:
            setattr(user, name, 0)
    if not user.is_empty():
        message = "a user of a scoped signing key has no permissions or limits of its own"
        raise ClaimsError([Problem("$", message)], hint="they belong into the key's template")


def _signer(key: Any) -> Signer:
    key = _key(key)
    if isinstance(key, PublicKey):
        raise SecretError(f"the public key {key} cannot sign", hint="give the key pair or its seed")
    signer_key(key)
    signer: Signer = key
    return signer


def _public(key: Any, expect: KeyType) -> PublicKey:
    key = _key(key)
    public = key if isinstance(key, PublicKey) else signer_key(key)
    return PublicKey.parse(public, expect=expect)


def _key(key: Any) -> Any:
    """Return what text stands for: the key pair of a seed, or a public key."""
    if isinstance(key, bytes | bytearray):
        key = key.decode("ascii", "replace")
    if not isinstance(key, str):
        return key
    return KeyPair.from_seed(key) if key.strip().startswith("S") else PublicKey.parse(key)
