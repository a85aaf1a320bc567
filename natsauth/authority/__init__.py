"""The whole tree: operators, their accounts and users, edited as drafts and signed at once.

::

    authority = Authority(DirectoryStore())
    operator = authority.operators.ensure("my_operator", signing_keys=1, system_account=True)
    account = operator.accounts.ensure("my_account", signing_keys=1)
    account.claims.nats.limits.conn = 100
    authority.commit()

A commit chooses who signs by the rules of strict operators and scoped signing keys, refuses what
no server would take or what would lock people out, and makes ``iat`` greater than it was, so that
clusters converge. What was not edited is not signed again.
"""

from natsauth.authority._account import AccountNode, Accounts
from natsauth.authority._authority import Authority
from natsauth.authority._commit import Action, Change
from natsauth.authority._expiry import Expiry
from natsauth.authority._node import Node
from natsauth.authority._operator import OperatorNode, Operators
from natsauth.authority._signing_keys import AccountSigningKeys, SigningKeys
from natsauth.authority._user import UserNode, Users

__all__ = [
    "AccountNode",
    "AccountSigningKeys",
    "Accounts",
    "Action",
    "Authority",
    "Change",
    "Expiry",
    "Node",
    "OperatorNode",
    "Operators",
    "SigningKeys",
    "UserNode",
    "Users",
]
