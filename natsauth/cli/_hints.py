"""What the library advises in terms of Python, in terms of the command line."""

from __future__ import annotations

import re
from shlex import quote
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from natsauth.claims import Claims

_FORCED = "; allow_lockout=True does it all the same"
_NAME = re.compile(r"'([^']*)'")
_CURES: dict[str, str] = {
    # Of what would lock people out
    "without a plain signing key needs one": "then natsauth reissue account --all --users",
    "reissue() them by signing keys first": "natsauth reissue account --all --users",
    "reissue() them in the same commit": "natsauth reissue with -K signs them by a key that stays; "
    "or delete them",
    "or clear() the users in the same commit": "natsauth add signing-key makes a key of its own "
    "for the role, which leaves them alone; or natsauth edit user NAME --clear afterwards, each",
    "sign_with() a role": "-K names a role, or give it limits such as --subs -1",
    "make another account the system account": "natsauth edit operator --system-account NAME makes "
    "another account the system account",
    "turn the callout off": "natsauth edit authcallout names another user for it, or turns it off",
    "name an account by its public key": "--system-account names one of its accounts",
    "set its mem_storage and disk_storage to 0": "natsauth edit account --js-disable takes "
    "JetStream from it",
    "set an exp in the future": "--expiry takes a moment in the future, or 0 for none",
    "set nbf to 0": "--start 0 lets it count at once",
    "set it to -1": "-1 is no limit",
    "add a signing key to the operator": "natsauth edit operator --sk generate makes one",
    # Of what is signed
    "reissue() it, if it is to be trusted again": "natsauth reissue user NAME signs it anew, if it "
    "is to be trusted again; else natsauth delete user NAME",
    "reissue() signs it anew all the same": "natsauth reissue with its name signs it anew all the "
    "same, if it is really yours",
    # Of what is stored
    "activate() it there for this account": "natsauth generate activation there, then natsauth "
    "add import --token FILE here",
    "ensure() in another, goes on": "what was written until then is whole, and the same command "
    "goes on from there: with --exist-ok, if it adds something",
    "is free after a commit": "choose another name; natsauth add --exist-ok keeps what is there",
    "overwrite=True replaces it": "choose another file, or delete that one",
    "choose another name, or ensure() it": "choose another name, or natsauth edit changes it; "
    "where one is added, --exist-ok keeps it",
    "overwrite takes its place": "--overwrite takes its place",
    "clear() the user's permissions": "the user has the permissions of its role, which natsauth "
    "edit signing-key --sk ROLE changes; natsauth edit user NAME --clear takes away its own",
    "or name a scoped one as the signer": "-K names a role, or",
    "give the key pair, or add its seed": "-K FILE gives a seed, or natsauth import keys --dir DIR "
    "takes it into the key ring",
    # Of configurations
    "pass url, or set": "--url names the web server, or natsauth edit operator "
    "--account-jwt-server-url does",
    "without a web server use a full resolver": "--url names a web server, where the operator's "
    "account server is a NATS server; without one take --nats-resolver",
    # Of pushing
    "pull it and edit that one": "natsauth pull -a NAME, and edit that one; or --force, which "
    "takes back what others have changed",
    "set allow_delete: true": "natsauth generate config --allow-delete lets servers delete "
    "accounts, once they are restarted with it",
    "the operator's present token": "natsauth generate config writes the configuration with the "
    "operator as it is now: put it where the servers have theirs, and restart them",
    "older token of this operator": "the server trusts another operator, or its system account is "
    "another; or its configuration has an older token of this operator: natsauth generate config, "
    "and restart; or the clocks differ",
}
"""By a part by which the library's hint is recognized."""


def in_commands(hint: str, *, force: bool = False) -> str:
    """Return a hint of the library in terms of commands, or as it is where it has none of Python.

    Args:
        hint: What the library advises.
        force: Whether the command has ``--force``.
    """
    advice, forced, _ = hint.partition(_FORCED)
    cure = next((cure for part, cure in _CURES.items() if part in advice), advice)
    if "or name a scoped one as the signer" in advice:
        [name] = _NAME.findall(advice) or ["NAME"]
        return f"{cure} natsauth edit account {quote(name)} --sk generate makes a signing key"
    if "without a plain signing key" in advice:
        names = _NAME.findall(advice)
        keys = [f"natsauth edit account {quote(name)} --sk generate" for name in names]
        cure = ", ".join([*keys, cure])
    return f"{cure}; --force goes ahead all the same" if force and forced else cure


def picture_of(claims: Claims) -> str:
    """Return the hint that an operator or an account can be drawn; nothing for other claims."""
    if claims.kind == "operator":
        return "natsauth graph draws its accounts, and what they share"
    if claims.kind == "account":
        return f"natsauth graph -a {quote(claims.name)} draws what it shares, and its users"
    return ""
