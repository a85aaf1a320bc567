"""Options about permissions and limits of users, and what each does to a draft, in nsc's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from natsauth.claims._union import wider
from natsauth.claims.permissions import CONNECTION_TYPES, ResponsePermission, nanoseconds
from natsauth.cli._commands import Bare, Mistake
from natsauth.cli._describe_parts import duration_text
from natsauth.cli._options import edit_list, options
from natsauth.cli._values import count, duration, many, network, size, times
from natsauth.errors import UsageError

if TYPE_CHECKING:
    from natsauth.claims import Permissions, UserPermissionLimits
    from natsauth.cli._tree import Edit


def _grants(
    ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]
) -> list[tuple[str, Permissions]]:
    """Read grants, each with its text."""
    from natsauth import grants

    try:
        return [(text, grants.parse(text)) for text in given]
    except UsageError as error:
        raise Mistake(f"{error.args[0]}.", ctx, hint=error.hint) from None


def _grant_names(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    from natsauth.grants import GRANTS

    return [name for name in GRANTS if name.startswith(incomplete)]


permissions = options(
    click.option(
        "--grant",
        metavar="GRANT",
        multiple=True,
        callback=_grants,
        shell_complete=_grant_names,
        help="Leave for a task, as in kv_read:orders:keys=eu.> or pull_consumer:ORDERS:worker.",
    ),
    many("--allow-pub", help="Subjects to allow publishing to."),
    many("--allow-sub", help='Subjects to allow subscribing to; "subject queue" is a queue group.'),
    many("--allow-pubsub", help="Subjects to allow both to."),
    many("--deny-pub", help="Subjects to refuse publishing to."),
    many("--deny-sub", help="Subjects to refuse subscribing to."),
    many("--deny-pubsub", help="Subjects to refuse both to."),
    click.option(
        "--allow-pub-response",
        "--max-responses",
        cls=Bare,
        bare="1",
        type=int,
        metavar="[=N]",
        help="Allow so many answers to each request; 1 if no number is given, -1 for any number.",
    ),
    click.option(
        "--response-ttl", type=duration, metavar="TIME", help="How long answers are allowed: 5s."
    ),
)
rm_permissions = options(
    many("--rm", help="Subjects to remove from whatever allows or refuses them."),
    click.option(
        "--rm-response-perms", is_flag=True, default=None, help="Remove the leave to answer."
    ),
)


def connection_type(text: str) -> str:
    """Read a connection type, in any letter case."""
    if text.upper() in CONNECTION_TYPES:
        return text.upper()
    raise click.BadParameter(f"expected one of {', '.join(CONNECTION_TYPES)}, got {text!r:.60}")


source_networks = many("--source-network", type=network, help="Networks to allow to connect from.")
bearer_option = click.option(
    "--bearer/--no-bearer", default=None, help="Whether the token connects without its key."
)
limits = options(
    click.option(
        "--subs", type=count, metavar="N", help="Subscriptions at a time; -1 for any number."
    ),
    click.option("--data", type=size, metavar="SIZE", help="Bytes in all; no server enforces it."),
    click.option("--payload", type=size, metavar="SIZE", help="Bytes of a message; -1 for any."),
    bearer_option,
    many("--time", type=times, metavar="A-B,…", help="Parts of the day to be connected in."),
    many("--rm-time", metavar="A,…", help="Parts of the day to remove, by their starts."),
    click.option("--locale", metavar="ZONE", help="Time zone of them, as in Europe/Berlin."),
    source_networks,
    many("--rm-source-network", type=network, help="Networks to remove."),
    many("--conn-type", type=connection_type, metavar="TYPE,…", help="Connection types to allow."),
    many("--rm-conn-type", type=connection_type, metavar="TYPE,…", help="Types to remove."),
)
_COUNTS = {"payload": "max payload", "data": "max data", "subs": "max number of subs"}


def edit_permissions(edit: Edit, draft: Permissions, given: dict[str, Any]) -> None:
    """Do what the options :data:`permissions` and :data:`rm_permissions` say."""
    rm: list[str] = given.get("rm", [])
    for subject in rm:
        sides = (draft.pub.allow, draft.pub.deny, draft.sub.allow, draft.sub.deny)
        if not any(subject in (side or ()) for side in sides):
            edit.warn(f'"{subject}" is neither allowed nor refused')
    for text, grant in given["grant"]:
        _give(draft, grant, given)
        edit.did(f"granted {text}")
    _edit_responses(edit, draft, given)
    for label, side in (("pub", draft.pub), ("sub", draft.sub)):
        allow = given[f"allow_{label}"] + given["allow_pubsub"]
        deny = given[f"deny_{label}"] + given["deny_pubsub"]
        side.allow = edit_list(edit, label, side.allow, allow, rm, form='"{}"', missed=False)
        what = f"deny {label}"
        side.deny = edit_list(edit, what, side.deny, deny, rm, form='"{}"', missed=False)


def _give(draft: Permissions, grant: Permissions, given: dict[str, Any]) -> None:
    """Add a grant. As with --allow-pub, who might do everything may then do that and no more."""
    draft.resp = wider(draft.resp, grant.resp)
    for label, side, more in (("pub", draft.pub, grant.pub), ("sub", draft.sub, grant.sub)):
        was_closed = not side.allow and ">" in (side.deny or ())
        side.allow = sorted({*(side.allow or ()), *(more.allow or ())}) or None
        if was_closed and (more.allow or given[f"allow_{label}"] or given["allow_pubsub"]):
            side.deny = [entry for entry in side.deny or () if entry != ">"] or None
        elif not (side.allow or was_closed or given[f"allow_{label}"] or given["allow_pubsub"]):
            side.deny = sorted({*(side.deny or ()), ">"})


def _edit_responses(edit: Edit, draft: Permissions, given: dict[str, Any]) -> None:
    if given.get("rm_response_perms"):
        draft.resp = None
        edit.did("removed response permissions")
    if (count := given["allow_pub_response"]) is not None:
        draft.resp = draft.resp or ResponsePermission()
        draft.resp.max = count
        edit.did(f"set max responses to {count}")
    if (ttl := given["response_ttl"]) is not None:
        draft.resp = draft.resp or ResponsePermission()
        draft.resp.ttl = nanoseconds(ttl)
        edit.did(f"set response ttl to {duration_text(draft.resp.ttl)}")


def edit_limits(edit: Edit, draft: UserPermissionLimits, given: dict[str, Any]) -> None:
    """Do what the options :data:`limits` say."""
    for name, label in _COUNTS.items():
        if (number := given[name]) is not None:
            setattr(draft, name, number)
            edit.did(f"changed {label} to {number}")
    if (bearer := given["bearer"]) is not None:
        draft.bearer_token = bearer
        edit.did(f"changed bearer to {str(bearer).lower()}")
    present = [kind.upper() for kind in draft.allowed_connection_types or ()]
    added, removed = given["conn_type"], given["rm_conn_type"]
    kinds = edit_list(edit, "connection type", present, added, removed, ordered=False)
    draft.allowed_connection_types = kinds or None
    draft.src = edit_list(
        edit, "src network", draft.src, given["source_network"], given["rm_source_network"]
    )
    if (locale := given["locale"]) is not None:
        draft.times_location = locale
        edit.did(f'changed locale to "{locale}"')
    _edit_times(edit, draft, given)


def _edit_times(edit: Edit, draft: UserPermissionLimits, given: dict[str, Any]) -> None:
    present = list(draft.times or ())
    for part in given["time"]:
        if part not in present:
            present.append(part)
            edit.did(f"added time range {part.start}-{part.end}")
    for start in given["rm_time"]:
        removed = [part for part in present if part.start in (start, f"{start}:00")]
        if not removed:
            edit.warn(f"no time range starts at {start}")
        for part in removed:
            present.remove(part)
            edit.did(f"removed time range {part.start}-{part.end}")
    draft.times = present or None
