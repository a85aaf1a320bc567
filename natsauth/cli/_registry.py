"""Every command: where it is found, and what it does in a line."""

from __future__ import annotations

from natsauth.cli._commands import Entry, Group

_ENTRIES: dict[str, tuple[str, str] | dict[str, tuple[str, str]]] = {
    "add": {
        "operator": ("operator:add", "Add an operator, the root of a tree."),
    },
    "completion": ("completion:completion", "Print the completion script of a shell."),
    "delete": {
        "operator": ("operator:delete", "Delete an operator with all below it."),
    },
    "demo": ("demo:demo", "Secure a real nats-server from nothing, and prove that it holds."),
    "describe": {
        "operator": ("operator:describe", "Show an operator."),
    },
    "edit": {
        "operator": ("operator:edit", "Edit an operator."),
    },
    "generate": {
        "nkey": ("nkey:nkey", "Make key pairs."),
    },
    "inspect": ("inspect:inspect", "Show any token or creds file, and what is wrong in it."),
    "list": {
        "operators": ("operator:list_", "List the operators."),
    },
}
_GROUPS = {
    "add": ("Add to the store.", "natsauth add account my_account"),
    "delete": ("Delete from the store.", "natsauth delete user -a my_account alice"),
    "describe": ("Show what is in the store.", "natsauth describe account my_account --json"),
    "edit": ("Edit what is in the store.", "natsauth edit account my_account --sk generate"),
    "generate": ("Make keys, creds and configurations.", "natsauth generate nkey --account"),
    "list": ("List what is in the store.", "natsauth list accounts"),
}


def entries() -> dict[str, Entry | Group]:
    """Return the commands and groups of the command line, by name."""
    return {name: _made(name, found) for name, found in _ENTRIES.items()}


def _made(name: str, found: tuple[str, str] | dict[str, tuple[str, str]]) -> Entry | Group:
    if isinstance(found, dict):
        summary, example = _GROUPS[name]
        return Group(name, summary, {n: _entry(*place) for n, place in found.items()}, example)
    return _entry(*found)


def _entry(place: str, summary: str) -> Entry:
    return Entry(f"natsauth.cli.{place}", summary)
