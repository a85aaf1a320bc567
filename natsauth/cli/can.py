"""``natsauth can``: one verdict on publishing or subscribing, and why; or all in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from natsauth.claims import UserClaims
from natsauth.cli._commands import Mistake, command
from natsauth.cli._complete import stored_names
from natsauth.cli._credentials import Credentials, read_credentials
from natsauth.cli._diagnosis import Circumstances, diagnose
from natsauth.cli._output import ExitCode
from natsauth.cli._readable import readable
from natsauth.cli._surroundings import Surroundings, look_around, surroundings_options
from natsauth.cli._tables import harmless
from natsauth.cli._tree import Workspace
from natsauth.errors import UsageError
from natsauth.grants import describe
from natsauth.policy import Connection, Decision, Verdict, evaluate
from natsauth.policy._reading import read_user
from natsauth.token import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsauth.cli._session import Session
    from natsauth.policy import Evaluator, Rule

_OPERATIONS = ("publish", "subscribe")
_WORDS = {
    Verdict.ALLOW: "ALLOWED",
    Verdict.DENY: "DENIED",
    Verdict.FILTERED: "ALLOWED IN PART",
    Verdict.INVALID_SUBJECT: "NO SUBJECT",
}


class _Question(NamedTuple):
    """What is asked: the creds if they are given, the operation and the subject if one is."""

    creds: str
    operation: str
    subject: str


@command(
    "can",
    "natsauth can service.creds publish orders.new",
    "natsauth can service.creds subscribe 'orders.>' --queue workers",
    "natsauth can -a my_account -n alice publish orders.new --json",
    "natsauth can service.creds",
)
@click.argument("words", nargs=-1, metavar="[CREDS] [publish|subscribe SUBJECT]")
@surroundings_options
@click.option(
    "-n",
    "--name",
    metavar="NAME",
    shell_complete=stored_names("user"),
    help="A user of the store, in place of CREDS.",
)
@click.option("-q", "--queue", metavar="GROUP", help="Subscribe in this queue group.")
@click.option("-r", "--reply", metavar="SUBJECT", help="Publish with this reply subject.")
@click.pass_obj
def can(
    session: Session,
    /,
    words: tuple[str, ...],
    operators: tuple[str, ...],
    account: str | None,
    *,
    name: str | None,
    queue: str | None,
    reply: str | None,
) -> None:
    """Say whether a user may publish or subscribe, and which rule decides.

    The user is that of CREDS, a creds file or a token, or with -n one of the store. Exit code 0
    means that the server carries it out, at least in part, and 4 that it does not: also where it
    does not take the user in the first place. Without a subject, all that the user may do is said
    in words.
    """
    asked = _question(words, name)
    if asked.operation != "subscribe" and queue is not None:
        raise Mistake("--queue is for subscribe.", click.get_current_context())
    if asked.operation != "publish" and reply is not None:
        raise Mistake("--reply is for publish.", click.get_current_context())
    credentials = read_credentials(asked.creds) if asked.creds else _stored(session, account, name)
    user = read_user(credentials.token).claims
    around = look_around(session, user, operators=operators, account=account)
    evaluator = _evaluator(credentials, around)
    refusal = _refusal(session, credentials, around)
    if asked.operation:
        decision = _decided(evaluator, asked, queue, reply)
        document, lines, may = _document(decision), [*_lines(decision)], bool(decision)
    else:
        said = describe(evaluator)
        document, lines, may = {"description": said}, [*said], True
    document |= {"admitted": not refusal, "refused": refusal}
    if refusal:
        lines = [f"NOT CONNECTED: a server does not take this user at all: {refusal}", "", *lines]
    session.output.show(document, "\n".join(map(harmless, lines)))
    if refusal:
        session.output.note("natsauth why says more of what a server does not take the user for")
    if refusal or not may:
        click.get_current_context().exit(ExitCode.FINDINGS)


def _question(words: tuple[str, ...], name: str | None) -> _Question:
    """Read the words of the command line.

    Raises:
        Mistake: They say something else.
    """
    ctx = click.get_current_context()
    creds, rest = ("", words) if name else (words[0] if words else "", words[1:])
    if len(rest) == len(_OPERATIONS) and rest[0] in _OPERATIONS:
        if not rest[1]:
            raise Mistake("The subject is empty.", ctx, hint="name one, such as orders.new")
        return _Question(creds, *rest)
    if not rest and (creds or name):
        return _Question(creds, "", "")
    hint = f"{ctx.command_path} service.creds publish orders.new"
    if name:
        hint = f"{ctx.command_path} -n {name} publish orders.new"
    wanted = "publish or subscribe and a subject"
    raise Mistake(
        f"Expected {wanted}." if name else f"Expected creds, or -n; then {wanted}.", ctx, hint=hint
    )


def _stored(session: Session, account: str | None, name: str | None) -> Credentials:
    """Return a user of the store, as somebody would connect who has its creds."""
    work = Workspace(session)
    node = work.user(work.account(account), name)
    return Credentials(node.token.encoded, None, "", is_bare=True)


def _evaluator(credentials: Credentials, around: Surroundings) -> Evaluator:
    """Return what judges.

    Raises:
        UsageError: The account is missing, and the user has nothing of its own.
        TokenError, ClaimsError: The token is not one of a user.
    """
    token = decode(credentials.token, UserClaims)
    account = around.account
    roots = [root.claims.nats for root in around.operators]
    system = {root.system_account for root in roots}
    try:
        return evaluate(
            token,
            account,
            system=bool(account and account.claims.sub in system),
            strict=any(root.strict_signing_key_usage for root in roots),
        )
    except UsageError as error:
        if account is not None:
            raise
        hint = "-a FILE gives the account, --data-dir DIR a store that has it"
        raise UsageError(str(error.args[0]), hint=hint) from None


def _decided(
    evaluator: Evaluator, asked: _Question, queue: str | None, reply: str | None
) -> Decision:
    if asked.operation == "publish":
        return evaluator.publish(asked.subject, reply=reply)
    return evaluator.subscribe(asked.subject, queue=queue)


def _refusal(session: Session, credentials: Credentials, around: Surroundings) -> str:
    """Return why no server takes the user, or an empty string; say so if that is not known."""
    if around.account is None:
        session.output.note(
            "the account is not known: its default permissions and mappings are not looked at",
            hint="-a FILE gives it",
        )
    refusal = diagnose(credentials, around, Circumstances(Connection(address=None))).refusal
    if refusal is None:
        return ""
    owners = [token.claims for token in (*around.operators, around.account) if token]
    return readable(refusal.message, read_user(credentials.token).claims, *owners)


def _lines(decision: Decision) -> Iterator[str]:
    group = f" in queue group {decision.queue!r}" if decision.queue else ""
    yield f"{_WORDS[decision.verdict]}: {decision.operation} {decision.subject!r}{group}"
    if decision.checked != decision.subject:
        yield f"mapped:  {decision.checked}"
    if decision.rule:
        yield f"rule:    {_rule_text(decision.rule)}"
    yield f"because: {decision.explain()}"
    if decision.error:
        yield f"the client is told: {decision.error}"
    for destination in decision.destinations:
        yield f" - by a mapping to {destination.checked}: {_WORDS[destination.verdict].lower()}"


def _rule_text(rule: Rule) -> str:
    written = f", written {rule.source!r}" if rule.source not in ("", rule.text) else ""
    return f"{rule.text!r} at {rule.path} of the {rule.origin}{written}"


def _document(decision: Decision) -> dict[str, Any]:
    return {
        "allowed": bool(decision),
        "checked": decision.checked,
        "destinations": [_document(destination) for destination in decision.destinations],
        "error": decision.error,
        "explanation": decision.explain(),
        "operation": decision.operation,
        "queue": decision.queue,
        "reason": decision.reason,
        "reply": decision.reply,
        "rule": decision.rule._asdict() if decision.rule else None,
        "subject": decision.subject,
        "verdict": decision.verdict,
    }
