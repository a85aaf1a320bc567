"""Options about the JetStream of an account, and what each does to its limits, in nsc's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from natsauth.claims import JetStreamLimits, OperatorLimits
from natsauth.claims.base import NO_LIMIT
from natsauth.cli._commands import Mistake
from natsauth.cli._options import options
from natsauth.cli._values import count, size
from natsauth.errors import ExistsError, NotFoundError

if TYPE_CHECKING:
    from natsauth.cli._tree import Edit

_TIER = click.IntRange(min=0)


def _limit(name: str, type: Any, text: str) -> Any:  # noqa: A002 - click's own word
    metavar = "SIZE" if type is size else "N"
    return click.option(f"--js-{name}", type=type, metavar=metavar, help=f"JetStream: {text}")


jetstream = options(
    click.option(
        "--js-tier", type=_TIER, metavar="N", help="JetStream: the replicas that the limits are of."
    ),
    click.option(
        "--rm-js-tier",
        type=_TIER,
        metavar="N",
        help="JetStream: remove a tier; 0 is none in particular.",
    ),
    _limit("mem-storage", size, "memory; -1 for any amount, 0 for none."),
    _limit("disk-storage", size, "disk; -1 for any amount, 0 for none."),
    _limit("streams", count, "number of streams; -1 for any."),
    _limit("consumer", count, "number of consumers; -1 for any."),
    _limit("max-mem-stream", size, "memory of a stream; -1 for any amount."),
    _limit("max-disk-stream", size, "disk of a stream; -1 for any amount."),
    click.option(
        "--js-max-bytes-required/--no-js-max-bytes-required",
        default=None,
        help="JetStream: whether each stream must name its size.",
    ),
    _limit("max-ack-pending", count, "acknowledgements that a consumer may wait for."),
    click.option(
        "--js-enable", type=_TIER, metavar="N", help="JetStream: no limits, in a tier or with 0."
    ),
    click.option("--js-disable", is_flag=True, default=None, help="JetStream: none at all."),
)
_MEMBERS = {
    "js_streams": ("streams", "max streams"),
    "js_consumer": ("consumer", "max consumer"),
    "js_mem_storage": ("mem_storage", "max mem storage"),
    "js_max_mem_stream": ("mem_max_stream_bytes", "max memory stream"),
    "js_disk_storage": ("disk_storage", "max disk storage"),
    "js_max_disk_stream": ("disk_max_stream_bytes", "max disk stream"),
    "js_max_ack_pending": ("max_ack_pending", "max ack pending"),
    "js_max_bytes_required": ("max_bytes_required", "max bytes required"),
}
"""By option: the member of the limits, and what it is called. In nsc's order."""
_OPEN = ("streams", "consumer", "max_ack_pending", "mem_max_stream_bytes", "disk_max_stream_bytes")
"""What limits nothing in a new tier unless it is said."""


def edit_jetstream(edit: Edit, limits: OperatorLimits, given: dict[str, Any]) -> None:
    """Do what the options :data:`jetstream` say.

    Raises:
        Mistake: Some of them exclude each other.
        ExistsError: The tier is enabled already, or there are limits that exclude it.
        NotFoundError: There is no such tier.
    """
    values = {name: given[name] for name in _MEMBERS if given[name] is not None}
    disable, enable, removed = (given[n] for n in ("js_disable", "js_enable", "rm_js_tier"))
    chosen = [disable, enable is not None, removed is not None, values or given["js_tier"]]
    if sum(map(bool, chosen)) > 1:
        raise Mistake("--js-disable, --js-enable and --rm-js-tier exclude other --js options.")
    if disable:
        _disable(edit, limits)
    elif enable is not None:
        _enable(edit, limits, enable)
    elif removed is not None:
        _remove(edit, limits, removed)
    elif values:
        _set(edit, limits, given["js_tier"] or 0, values)
    elif given["js_tier"]:
        raise Mistake("--js-tier says which limits are meant, but there are none.")


def _disable(edit: Edit, limits: OperatorLimits) -> None:
    _clear(limits)
    edit.did("deleted global limit")
    for label in limits.tiered_limits or ():
        edit.did(f"deleted tier limit {label}")
    limits.tiered_limits = None


def _enable(edit: Edit, limits: OperatorLimits, tier: int) -> None:
    target = _tier(limits, tier)
    if target.mem_storage or target.disk_storage:
        raise ExistsError(f"JetStream is enabled already, {_label(tier)}")
    target.mem_storage = target.disk_storage = NO_LIMIT
    edit.did(f"enabled tier limit R{tier}" if tier else "enabled global limit")


def _remove(edit: Edit, limits: OperatorLimits, tier: int) -> None:
    if not tier:
        _clear(limits)
        edit.did("deleted global limit")
        return
    tiers = limits.tiered_limits or {}
    if f"R{tier}" not in tiers:
        raise NotFoundError(
            f"the account has no tier R{tier}", hint=f"it has {', '.join(tiers) or 'none'}"
        )
    limits.tiered_limits = {name: tiers[name] for name in tiers if name != f"R{tier}"} or None
    edit.did(f"deleted tier limit R{tier}")


def _set(edit: Edit, limits: OperatorLimits, tier: int, values: dict[str, Any]) -> None:
    target = _tier(limits, tier)
    if not any(getattr(target, name) for name in OperatorLimits.JETSTREAM):
        for name in _OPEN:
            setattr(target, name, NO_LIMIT)
    for option, (member, label) in _MEMBERS.items():
        if option in values:
            setattr(target, member, values[option])
            edit.did(f"changed {_label(tier)} {label} to {str(values[option]).lower()}")


def _tier(limits: OperatorLimits, tier: int) -> OperatorLimits | JetStreamLimits:
    """Return the limits of a tier, which is made if it is new; the flat ones are those of 0."""
    if tier and limits.has_flat_jetstream():
        raise ExistsError(
            "the account has JetStream limits for all tiers together",
            hint="--rm-js-tier 0 removes them",
        )
    if not tier and limits.tiered_limits:
        raise ExistsError(
            f"the account has JetStream limits by tier: {', '.join(limits.tiered_limits)}",
            hint="name one with --js-tier, or remove them with --js-disable",
        )
    if not tier:
        return limits
    limits.tiered_limits = limits.tiered_limits or {}
    return limits.tiered_limits.setdefault(f"R{tier}", JetStreamLimits())


def _clear(limits: OperatorLimits) -> None:
    for name in OperatorLimits.JETSTREAM:
        setattr(limits, name, getattr(JetStreamLimits(), name))


def _label(tier: int) -> str:
    return f"R{tier}" if tier else "global"
