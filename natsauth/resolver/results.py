"""What the servers of a cluster answered to a change, each for itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from natsauth.errors import ResolverError, ResolverTimeoutError

_WHO_ANSWERS = "only servers with a resolver of type full or cache answer"


class PushReason(StrEnum):
    """The stable name of each reason for which a change has not reached every server."""

    NOT_SENT = "not_sent"
    """The account would be of no use, or servers have a newer one; it was not sent."""
    REFUSED = "refused"
    """A server answered with an error, or with what is no answer."""
    NO_RESPONDERS = "no_responders"
    """No server has a resolver that takes the change."""
    MISSING = "missing"
    """A server did not answer in time."""
    UNCONFIRMED = "unconfirmed"
    """A server that took the account did not give it back."""


class PushEffect(StrEnum):
    """The stable name of each thing that a server does with an account that is pushed."""

    STORED = "stored"
    """A resolver of type full keeps it."""
    CACHED = "cached"
    """A cache keeps it for a while; the account is in use."""
    ON_DEMAND = "on_demand"
    """A cache asks for it once it is needed; the account is not in use."""
    IN_MEMORY = "in_memory"
    """A server without such a resolver uses it until it restarts."""
    NOT_LOADED = "not_loaded"
    """Nothing: a server without such a resolver takes only accounts that are in use."""


@dataclass(frozen=True, slots=True)
class ServerReply:
    """The answer of one server to a change.

    Attributes:
        server_name: The server's name, or an empty string where the answer has none.
        server_id: The server's public key, which is a new one after each start; or empty.
        ok: Whether the server took the change.
        code: 200 or 500, or 0 where the answer has none.
        message: The server's words.
        effect: What they mean, as far as that is known, if an account was pushed.
    """

    server_name: str
    server_id: str
    ok: bool
    code: int
    message: str
    effect: PushEffect | None = None


@dataclass(frozen=True, slots=True)
class PushResult:
    """What became of one pushed account: true if every server took it.

    Attributes:
        account: The account's public key.
        name: Its name.
        replies: The answers, in the order of the servers' names.
        missing: The names of the servers that are known to be there and did not answer.
        no_responders: Whether the server said that there is nobody to answer.
        problems: Why the account was not sent, if it was not.
        hint: The cure of the first problem.
        confirmed: Whether all servers that store the account gave it back; ``None`` if they were
            not asked, or none stores it.
    """

    account: str
    name: str
    replies: tuple[ServerReply, ...]
    missing: tuple[str, ...] = ()
    no_responders: bool = False
    problems: tuple[str, ...] = ()
    hint: str = ""
    confirmed: bool | None = None

    def __bool__(self) -> bool:
        """Tell whether a server answered, all answers are good, and no server is missing."""
        return self.reason is None

    @property
    def reason(self) -> PushReason | None:
        """Why not every server took the account, or ``None``; a refusal comes first."""
        if self.problems:
            return PushReason.NOT_SENT
        reason = _reason(self.replies, self.missing, no_responders=self.no_responders)
        if reason is None and self.confirmed is False:
            return PushReason.UNCONFIRMED
        return reason

    def raise_for_errors(self) -> None:
        """Do nothing if every server took the account.

        Raises:
            ResolverTimeoutError: A server did not answer, and none refused.
            ResolverError: The account was not sent, a server refused it, no server answers, or
                one did not give it back; all is named.
        """
        reason, name = self.reason, f"account {self.account} ({self.name!r:.80})"
        if reason is PushReason.NOT_SENT:
            raise ResolverError(f"{name} was not sent: {'; '.join(self.problems)}", hint=self.hint)
        text = f"{name} was not taken by every server: "
        if reason is PushReason.UNCONFIRMED:
            raise ResolverError(
                f"{text}one that took it does not give it back",
                hint="somebody else may push the same account; look it up",
            )
        cure = ""
        if reason is PushReason.NO_RESPONDERS:
            cure = f"{_WHO_ANSWERS}; in_memory=True reaches others that have the account in use"
        if any(reply.effect is PushEffect.NOT_LOADED for reply in self.replies):
            cure = (
                "a resolver of type URL asks for an account once it is needed; "
                "for one of type MEMORY it must stand in resolver_preload"
            )
        _raise(reason, text, self.replies, self.missing, cure)


@dataclass(frozen=True, slots=True)
class DeleteResult:
    """What became of a request to delete accounts: true if every server did.

    Attributes:
        accounts: Public keys of the accounts, each once.
        unlisted: Those of them that no server listed beforehand: they were unknown, or expired.
        replies: The answers, in the order of the servers' names; several of each server where the
            accounts did not fit into one request.
        missing: The names of the servers that are known to be there and did not answer. Such a
            server brings the accounts back to the others when it returns.
        no_responders: Whether the server said that there is nobody to answer.
    """

    accounts: tuple[str, ...]
    unlisted: tuple[str, ...]
    replies: tuple[ServerReply, ...]
    missing: tuple[str, ...] = ()
    no_responders: bool = False

    def __bool__(self) -> bool:
        """Tell whether every server deleted the accounts, or there were none to delete."""
        return self.reason is None

    @property
    def reason(self) -> PushReason | None:
        """Why not every server deleted the accounts, or ``None``; a refusal comes first."""
        if not self.accounts:
            return None
        return _reason(self.replies, self.missing, no_responders=self.no_responders)

    def raise_for_errors(self) -> None:
        """Do nothing if every server deleted the accounts.

        Raises:
            ResolverTimeoutError: A server did not answer, and none refused.
            ResolverError: A server refused, or none deletes accounts; all is named.
        """
        count = len(self.accounts)
        text = f"{count} account{'s were' if count > 1 else ' was'} not deleted by every server: "
        forbidden = any("must be enabled" in reply.message for reply in self.replies)
        cure = "set allow_delete: true in the resolver block of the servers" if forbidden else ""
        _raise(self.reason, text, self.replies, self.missing, cure)


@dataclass(frozen=True, slots=True)
class PruneResult:
    """What became of the accounts that servers have and nobody keeps: true if none is left.

    Attributes:
        accounts: Public keys of those accounts, each once, however many servers have it.
        missing: The names of the servers that did not say what they have.
        deleted: What became of them; ``None`` if nothing was sent, as in a dry run.
    """

    accounts: tuple[str, ...]
    missing: tuple[str, ...]
    deleted: DeleteResult | None = None

    def __bool__(self) -> bool:
        """Tell whether every server was heard, and no such account is left."""
        return not self.missing and (bool(self.deleted) if self.accounts else True)

    def raise_for_errors(self) -> None:
        """Do nothing if all servers were heard and did what was sent.

        Raises:
            ResolverTimeoutError: A server did not answer, and none refused.
            ResolverError: A server refused, or none deletes accounts; all is named.
        """
        if self.deleted is not None:
            self.deleted.raise_for_errors()
        if self.missing:
            silent = ", ".join(self.missing)
            raise ResolverTimeoutError(
                f"not pruned, for want of an answer: {silent}",
                hint="prune again once they are back: they return what they still have",
            )


def _reason(
    replies: tuple[ServerReply, ...], missing: tuple[str, ...], *, no_responders: bool
) -> PushReason | None:
    if not all(reply.ok for reply in replies):
        return PushReason.REFUSED
    if no_responders:
        return PushReason.NO_RESPONDERS
    return PushReason.MISSING if missing or not replies else None


def _raise(
    reason: PushReason | None,
    text: str,
    replies: tuple[ServerReply, ...],
    missing: tuple[str, ...],
    cure: str,
) -> None:
    if reason is None:
        return
    if reason is PushReason.NO_RESPONDERS:
        raise ResolverError(f"{text}no server answers", hint=cure or _WHO_ANSWERS)
    problems = [f"{r.server_name} says {r.message!r}" for r in replies if not r.ok]
    if missing or not problems:
        problems.append(f"no answer from {', '.join(missing) or 'any'}")
    text += "; ".join(problems)
    if reason is PushReason.MISSING:
        raise ResolverTimeoutError(text, hint=cure or _WHO_ANSWERS)
    raise ResolverError(text, hint=cure)
