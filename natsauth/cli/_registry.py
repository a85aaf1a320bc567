"""Every command: where it is found, and what it does in a line."""

from __future__ import annotations

from natsauth.cli._commands import Entry, Group

_ENTRIES: dict[str, tuple[str, str] | dict[str, tuple[str, str]]] = {
    "add": {
        "export": ("export:add", "Add an export for other accounts."),
        "import": ("import_:add", "Add an import from another account."),
        "mapping": ("mapping:add", "Add a mapping of subjects."),
        "account": ("account:add", "Add an account to an operator."),
        "operator": ("operator:add", "Add an operator, the root of a tree."),
        "signing-key": ("signing_key:add", "Add a signing key to an account."),
        "user": ("user:add", "Add a user to an account."),
        "revocation": ("revocation:add_user", "Refuse the tokens of a user."),
    },
    "can": ("can:can", "Say whether a user may publish or subscribe, and why."),
    "completion": ("completion:completion", "Print the completion script of a shell."),
    "delete": {
        "authcallout": ("authcallout:delete", "Turn auth callout off."),
        "export": ("export:delete", "Delete an export."),
        "import": ("import_:delete", "Delete an import."),
        "mapping": ("mapping:delete", "Delete a mapping of subjects."),
        "account": ("account:delete", "Delete an account with its users."),
        "operator": ("operator:delete", "Delete an operator with all below it."),
        "signing-key": ("signing_key:delete", "Remove signing keys from an account."),
        "user": ("user:delete", "Delete users, and revoke their creds."),
        "revocation": ("revocation:delete_user", "Take the tokens of a user again."),
    },
    "demo": ("demo:demo", "Secure a real nats-server, and prove that it holds."),
    "describe": {
        "authcallout": ("authcallout:describe", "Show the auth callout of an account."),
        "jwt": ("jwt:describe", "Show the token in a file."),
        "account": ("account:describe", "Show an account."),
        "operator": ("operator:describe", "Show an operator."),
        "signing-key": ("signing_key:describe", "Show a signing key of an account."),
        "user": ("user:describe", "Show a user."),
    },
    "edit": {
        "authcallout": ("authcallout:edit", "Edit the auth callout of an account."),
        "export": ("export:edit", "Edit an export."),
        "account": ("account:edit", "Edit an account."),
        "operator": ("operator:edit", "Edit an operator."),
        "signing-key": ("signing_key:edit", "Edit a scoped signing key of an account."),
        "user": ("user:edit", "Edit a user."),
    },
    "env": ("context:env", "Show or choose directories, operator and account in use."),
    "expirations": ("expirations:expirations", "Show what expires, and when."),
    "generate": {
        "activation": ("activation:activation", "Sign the leave to import a private export."),
        "config": ("config:config", "Print the configuration of a server."),
        "creds": ("creds:creds", "Print the creds of a user."),
        "nkey": ("nkey:nkey", "Make key pairs."),
    },
    "graph": ("graph:graph", "Draw a store: accounts, keys, users, and what they share."),
    "export": {
        "keys": ("keys:export", "Write seeds to files of their own."),
    },
    "import": {
        "keys": ("keys:import_", "Take seeds into the key ring."),
        "account": ("import_files:account", "Take in an account from a file."),
        "user": ("import_files:user", "Take in a user from a file."),
    },
    "inspect": ("inspect:inspect", "Show any token or creds file, and what is wrong in it."),
    "matrix": ("matrix:matrix", "Show who may publish and subscribe to what."),
    "pull": ("pull:pull", "Fetch accounts from servers."),
    "push": ("push:push", "Push accounts to servers, compare, prune."),
    "list": {
        "exports": ("export:list_", "List what an account exports."),
        "imports": ("import_:list_", "List what an account imports."),
        "mappings": ("mapping:list_", "List the mappings of an account."),
        "accounts": ("account:list_", "List the accounts of an operator."),
        "keys": ("keys:list_", "List keys, or their seeds."),
        "operators": ("operator:list_", "List the operators."),
        "signing-keys": ("signing_key:list_", "List the signing keys of an account."),
        "users": ("user:list_", "List the users of an account."),
        "revocations": ("revocation:list_", "List what an account has revoked."),
    },
    "reissue": {
        "account": ("reissue:account", "Sign accounts anew."),
        "operator": ("reissue:operator", "Give an operator another identity key."),
        "user": ("reissue:user", "Sign users anew."),
    },
    "rename": {
        "account": ("account:rename", "Give an account another name."),
    },
    "revocations": {
        "add-activation": ("revocation:add_activation", "Refuse the activations of an account."),
        "add-user": ("revocation:add_user", "Refuse the tokens of a user."),
        "delete-activation": (
            "revocation:delete_activation",
            "Take the activations of an account again.",
        ),
        "delete-user": ("revocation:delete_user", "Take the tokens of a user again."),
        "list-activations": (
            "revocation:list_activations",
            "List the accounts whose activations are refused.",
        ),
        "list-users": ("revocation:list_users", "List the users whose tokens are refused."),
    },
    "select": {
        "account": ("context:select_account", "Make an account the current one."),
        "operator": ("context:select_operator", "Make an operator the current one."),
    },
    "sign-user": ("sign_user:sign_user", "Sign a user with one key, without a store."),
    "validate": ("validate:validate", "Find what is wrong in the store, or in a file."),
    "why": ("why:why", "Find why a server refuses creds."),
}
_GROUPS = {
    "add": ("Add to the store.", "natsauth add account my_account"),
    "delete": ("Delete from the store.", "natsauth delete user -a my_account alice"),
    "describe": ("Show what is in the store.", "natsauth describe account my_account --json"),
    "edit": ("Edit what is in the store.", "natsauth edit account my_account --sk generate"),
    "generate": ("Make keys, creds and configurations.", "natsauth generate nkey --account"),
    "import": ("Take in what was made elsewhere.", "natsauth import account --file orders.jwt"),
    "list": ("List what is in the store.", "natsauth list accounts"),
    "revocations": (
        "Refuse tokens of users and activations.",
        "natsauth revocations add-user -a my_account -n alice",
    ),
    "export": ("Write what the store keeps to files.", "natsauth export keys --all --dir ./backup"),
    "reissue": ("Sign anew what is as it was.", "natsauth reissue account --all --users"),
    "rename": ("Rename what is in the store.", "natsauth rename account my_account your_account"),
    "select": ("Choose what is current.", "natsauth select account my_account"),
}
ELSEWHERE = {
    "fix": "natsauth validate --all-accounts says what is wrong",
    "help": "--help after any command says what it takes, as in natsauth add --help",
    "init": "natsauth add operator NAME --sys, then natsauth add account and natsauth add user",
    "keys": "natsauth list keys, natsauth import keys and natsauth export keys",
    "load": "natsauth add operator NAME --sys, then natsauth add account and natsauth add user",
    "migrate": "natsauth import account --file FILE takes in an account",
    "tool": "the program nats does that, with creds of natsauth generate creds",
    "update": "python -m pip install --upgrade natsauth",
    "upgrade-jwt": "a store of version 1 is upgraded by nsc 2",
    "version": "natsauth --version",
}
"""Commands of nsc that are no commands here, and what there is in their place."""
ALIASES = {
    "create": "add",
    "get": "describe",
    "ls": "list",
    "new": "add",
    "remove": "delete",
    "rm": "delete",
    "show": "describe",
}
"""What other programs call a group."""
_GENERATE_ELSEWHERE = {
    "context": "nats context save NAME --creds FILE, with creds of natsauth generate creds",
    "diagram": "natsauth graph draws the store; -a some accounts of it",
    "profile": "natsauth generate creds prints what a client needs",
}


def entries() -> dict[str, Entry | Group]:
    """Return the commands and groups of the command line, by name."""
    return {name: _made(name, found) for name, found in _ENTRIES.items()}


def _made(name: str, found: tuple[str, str] | dict[str, tuple[str, str]]) -> Entry | Group:
    if isinstance(found, dict):
        summary, example = _GROUPS[name]
        commands: dict[str, Entry | Group] = {n: _entry(*place) for n, place in found.items()}
        elsewhere = _GENERATE_ELSEWHERE if name == "generate" else None
        return Group(name, summary, commands, example, elsewhere=elsewhere)
    return _entry(*found)


def _entry(place: str, summary: str) -> Entry:
    return Entry(f"natsauth.cli.{place}", summary)
