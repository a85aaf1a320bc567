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
from natsauth.claims.base import NO_LIMIT, Claims, seconds
from natsauth.claims.limits import OperatorLimits
from natsauth.claims.operator import Operator, OperatorClaims
from natsauth.claims.user import User, UserClaims
from natsauth.creds import Creds
from natsauth.errors import ClaimsError, Problem, SecretError, UsageError
from natsauth.keys import KeyPair, KeyType, PublicKey
from natsauth.signing import signer_key
from natsauth.token import decode as decode_token
from natsauth.token import encode

if TYPE_CHECKING:
    from datetime import datetime

    from natsauth.signing import Signer

    Key = str | bytes | Signer | PublicKey
    """A key pair or other signer, the text of a seed, or a public key."""

_FAR = 1 << 37
"""The year 6325 in seconds: a later moment is one in milliseconds."""
_UNLIMITED = {"subs": NO_LIMIT, "data": NO_LIMIT, "payload": NO_LIMIT}
B = TypeVar("B", bound=WireObject)


class Options(TypedDict, total=False):
    """What may be given beside the body.

    Attributes:
        exp: Expiry: Unix seconds or an aware datetime.
        nbf: Not valid before, likewise.
        iat: Moment of signing, likewise; now if not given.
        aud: Audience.
        signer: The key that signs in place of the issuer: one of its signing keys.
        scoped_user: Whether the signing key is a scoped one, whose users carry no permissions.
        scopedUser: The same, spelt as in jwt.js.
    """

    exp: int | datetime
    nbf: int | datetime
    iat: int | datetime
    aud: str
    signer: Key
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
    subject = _public(operator, KeyType.OPERATOR)
    return _encode(OperatorClaims, name, subject, operator, _body(Operator, claims), options)


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
    unlimited = loads(write_document(OperatorLimits()))
    body = _body(Account, claims, {"limits": unlimited})
    subject = _public(account, KeyType.ACCOUNT)
    return _encode(AccountClaims, name, subject, account, body, options)


def encode_user(
    name: str,
    user: Key,
    issuer: Key,
    claims: dict[str, Any] | User | None = None,
    options: Options | None = None,
) -> str:
    """Return a user token.

    Args:
        name: A name for people.
        user: The user's key; its public key will do.
        issuer: The account's key, or one of its signing keys together with
            ``claims["issuer_account"]``. With ``options["signer"]`` the account's public key.
        claims: The body: ``pub``, ``sub``, ``resp``, ``src``, … Limits that are not given are
            unlimited.
        options: See :class:`Options`.

    Raises:
        ClaimsError: The body has a member that there is none of, or of the wrong type; or
            permissions although it is for a scoped signing key.
        KeyTextError, KeyRoleError, IssuerError: A key is not one, or of the wrong role.
        SecretError: A public key was given to sign with.
        UsageError: An option that there is none of, or an argument of the wrong type.
    """
    scoped = _options(options).get("scoped_user", False)
    body = _body(User, claims, {} if scoped else _UNLIMITED)
    if scoped:
        _empty(body)
    subject = _public(user, KeyType.USER)
    return _encode(UserClaims, name, subject, issuer, body, options)


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
    body = _body(Activation, claims)
    body.kind = kind
    importer = _public(subject, KeyType.ACCOUNT)
    return _encode(ActivationClaims, name, importer, issuer, body, options)


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
        raise UsageError(f"expected a KeyPair or the text of a seed, got {type(key).__name__}")
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
    options: Options | None,
) -> str:
    chosen = _options(options)
    signer = _signer(chosen.get("signer", issuer))
    account = _public(issuer).public_key if "signer" in chosen else ""
    if account and hasattr(body, "issuer_account") and signer_key(signer).public_key != account:
        if body.issuer_account not in ("", account):
            message = f"is {body.issuer_account}, but the issuer is {account}"
            raise ClaimsError([Problem("$.issuer_account", message)])
        body.issuer_account = account
    claims = cls(sub=subject.public_key, name=name, nats=body, aud=chosen.get("aud", ""))
    claims.exp, claims.nbf = _moment(chosen, "exp"), _moment(chosen, "nbf")
    return encode(claims, signer, now=_moment(chosen, "iat") if "iat" in chosen else None).encoded


def _options(options: Any) -> dict[str, Any]:
    if options is not None and not isinstance(options, dict):
        raise UsageError(f"expected a dict of options, got {type(options).__name__}")
    chosen = {k: v for k, v in (options or {}).items() if v is not None}
    known = Options.__annotations__
    for name in chosen:
        if name not in known:
            raise UsageError(f"there is no option {name!r}", hint=_likely(name, known))
    if "scopedUser" in chosen:
        chosen["scoped_user"] = chosen.pop("scopedUser")
    return chosen


def _moment(options: dict[str, Any], name: str) -> int:
    moment = seconds(options.get(name, 0))
    if moment >= _FAR:
        raise UsageError(f"{name} is {moment}", hint="it is in seconds, not in milliseconds")
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
        names = [item.name for item in fields(value) if item.name != "extra"]
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
    for name, unlimited in _UNLIMITED.items():
        if getattr(user, name) == unlimited:
            setattr(user, name, 0)
    if not user.is_empty():
        message = "a user of a scoped signing key has no permissions or limits of its own"
        raise ClaimsError([Problem("$", message)], hint="they belong into the key's template")


def _signer(key: Any) -> Signer:
    if isinstance(key, bytes | bytearray):
        key = bytes(key).decode("ascii", "replace")
    if isinstance(key, str):
        if key.strip().startswith("S"):
            return KeyPair.from_seed(key)
        key = PublicKey.parse(key)
    if isinstance(key, PublicKey):
        raise SecretError(f"the public key {key} cannot sign", hint="give the key pair or its seed")
    signer_key(key)
    signer: Signer = key
    return signer


def _public(key: Any, expect: KeyType | None = None) -> PublicKey:
    if isinstance(key, PublicKey):
        return PublicKey.parse(key, expect=expect)
    if isinstance(key, bytes | bytearray):
        key = bytes(key).decode("ascii", "replace")
    if isinstance(key, str) and not key.strip().startswith("S"):
        return PublicKey.parse(key, expect=expect)
    return PublicKey.parse(signer_key(_signer(key)), expect=expect)
