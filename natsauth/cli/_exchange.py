"""What the commands about exports, imports and activations share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from natsauth.claims.base import ANY
from natsauth.cli._commands import Mistake
from natsauth.errors import NotFoundError
from natsauth.keys import KeyType, is_public_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from natsauth.authority import AccountNode
    from natsauth.claims import Export, Import
    from natsauth.cli._tree import Edit, Workspace

    T = TypeVar("T", Export, Import)


def pick(account: AccountNode, what: str, items: Iterable[T | None] | None, subject: str) -> T:
    """Return the export or import of a subject, or without a subject the only one.

    Args:
        account: Whose it is.
        what: What they are called, as in ``stream export``.
        items: All of them.
        subject: The subject; may be empty.

    Raises:
        NotFoundError: There is none, or several.
    """
    present = [item for item in items or () if item is not None]
    found = [item for item in present if not subject or item.subject == subject]
    if len(found) == 1:
        return found[0]
    if not present:
        raise NotFoundError(f"account {account.name!r:.80} has no {what}s")
    if subject and not found:
        subjects = ", ".join(repr(item.subject) for item in present[:5])
        raise NotFoundError(
            f"account {account.name!r:.80} has no {what} {subject!r:.80}", hint=f"it has {subjects}"
        )
    keys = ", ".join(item.account for item in found if hasattr(item, "account"))
    option = f"--src-account with one of {keys}" if subject and keys else "--subject"
    raise Mistake(f"Which {what} is meant? There are {len(found)}.", hint=f"name it by {option}")


def account_key(work: Workspace, name_or_key: str, *, wildcard: bool = False) -> str:
    """Return the public key of an account that is given by it, or by its name in the store.

    Raises:
        NotFoundError: There is no account of that name.
    """
    if is_public_key(name_or_key, KeyType.ACCOUNT) or (wildcard and name_or_key == ANY):
        return name_or_key
    return work.account(name_or_key).public_key


def body_of(account: AccountNode) -> dict[str, Any]:
    """Return the body of the stored claims as JSON objects."""
    from natsauth.cli._tokens import payload_of

    body: dict[str, Any] = payload_of(account.token.encoded)["nats"]
    return body


def changed(edit: Edit, account: AccountNode, message: str, **facts: Any) -> None:
    """Note what was changed in an account, which is to be signed by what ``-K`` names."""
    edit.sign(account)
    edit.did(message, kind="account", path=account.path, public_key=account.public_key, **facts)
