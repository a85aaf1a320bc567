"""Another identity for an operator, as after its seed became known to somebody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsauth.keys import KeyPair, KeyType

if TYPE_CHECKING:
    from natsauth.authority._operator import OperatorNode


def reissue_identity(
    operator: OperatorNode, key: KeyPair | None = None, *, keep_signing: bool = False
) -> list[str]:
    """Give an operator another identity key with the next commit, which signs it.

    Servers trust the operator that their configuration names: they take accounts that the new
    keys sign only when they got the new token of the operator, and were restarted.

    Args:
        operator: The operator.
        key: The new key pair; one is made if not given.
        keep_signing: Whether the old key goes on as a signing key, so that what it signed holds.

    Returns:
        The names of the accounts that the old key signed, and that are signed anew.

    Raises:
        KeyRoleError: The key is no operator key.
        StoreDataError: An account cannot be read.
    """
    old, accounts = operator.public_key, []
    pair = key or KeyPair.generate(KeyType.OPERATOR)
    operator.signing_keys.add(pair)  # which has its role checked, and its seed stored
    operator.signing_keys.remove(pair.public_key)
    if keep_signing:
        operator.signing_keys.add(old)
    else:
        accounts = [node for node in operator.accounts.values() if node.token.claims.iss == old]
    draft = operator._draft  # noqa: SLF001 - of this package; nobody else may change an identity
    draft.claims.sub = draft.public_key = pair.public_key
    operator.sign_with(pair)
    operator.reissue()
    for node in accounts:
        node.reissue()
    return [node.name for node in accounts]
