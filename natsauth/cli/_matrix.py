"""All verdicts on the users of an operator: each reason once, and a number of it in each cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from natsauth.cli._credentials import Credentials
from natsauth.cli._diagnosis import Circumstances, diagnose
from natsauth.cli._readable import readable
from natsauth.cli._surroundings import Surroundings
from natsauth.policy import Connection, Reason, Verdict, evaluate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from natsauth.authority import AccountNode, OperatorNode, UserNode
    from natsauth.cli._tree import Workspace
    from natsauth.policy import Decision, Evaluator

SUBJECT = "\0"
"""What stands in reasons in the place of the subject that is asked for."""
_EVERYTHING = ">"


class Judgement(NamedTuple):
    """A verdict and its reason, as they are the same for many cells.

    Attributes:
        operation: ``publish`` or ``subscribe``.
        verdict: What the server does.
        reason: The code of the reason.
        explanation: The reason in words, with :data:`SUBJECT` in it.
        error: What the client is told, with :data:`SUBJECT` in it.
        rule: The entry that decides, or an empty string.
        path: Where it stands.
        origin: Whose claims it stands in.
        source: The entry as written.
    """

    operation: str
    verdict: Verdict
    reason: str
    explanation: str
    error: str
    rule: str
    path: str
    origin: str
    source: str

    @property
    def mark(self) -> str:
        """The verdict, or ``queue`` where the user may subscribe in a queue group only."""
        return "queue" if self.reason == Reason.QUEUE_ONLY else self.verdict


@dataclass(frozen=True, slots=True)
class Row:
    """A user.

    Attributes:
        account: The name of its account.
        name: Its name.
        public_key: Its public key.
        refused: Why no server takes it at all, or an empty string.
        answers: Whether it may answer the requests that it gets, whatever their reply subjects.
        cells: The numbers of the judgements on each subject, publishing and subscribing in turn.
    """

    account: str
    name: str
    public_key: str
    refused: str
    answers: bool
    cells: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """The verdicts on all users and subjects.

    Attributes:
        operator: The name of the operator.
        subjects: The subjects.
        rows: The users.
        judgements: The verdicts, each once.
    """

    operator: str
    subjects: tuple[str, ...]
    rows: tuple[Row, ...]
    judgements: tuple[Judgement, ...]

    def cell(self, row: Row, column: int) -> tuple[Judgement, Judgement]:
        """Return the verdicts on publishing and subscribing of one cell."""
        publish, subscribe = row.cells[2 * column : 2 * column + 2]
        return self.judgements[publish], self.judgements[subscribe]


def build(
    work: Workspace,
    operator: OperatorNode,
    users: Iterable[tuple[AccountNode, UserNode]],
    subjects: Iterable[str],
) -> Matrix:
    """Judge users.

    Args:
        work: The store.
        operator: The operator.
        users: The users with their accounts.
        subjects: The subjects; if there are none, those that the permissions name.
    """
    root = operator.claims.nats
    judged = [
        (
            account,
            user,
            evaluate(
                user.token,
                account.token,
                system=account.public_key == root.system_account,
                strict=root.strict_signing_key_usage,
            ),
        )
        for account, user in users
    ]
    asked = tuple(dict.fromkeys(subjects)) or _named(evaluator for _, _, evaluator in judged)
    numbers: dict[Judgement, int] = {}
    rows = []
    for account, user, evaluator in judged:
        decisions = (
            decision
            for subject in asked
            for decision in (evaluator.publish(subject), evaluator.subscribe(subject))
        )
        cells = tuple(numbers.setdefault(_judgement(d), len(numbers)) for d in decisions)
        refused = _refusal(work, operator, account, user)
        answers = evaluator.effective().resp is not None
        rows.append(Row(account.name, user.name, user.public_key, refused, answers, cells))
    return Matrix(operator.name, asked, tuple(rows), tuple(numbers))


def text_for(text: str, subject: str) -> str:
    """Return a reason, or an error, for a subject."""
    return text.replace(SUBJECT, subject)


def _named(evaluators: Iterable[Evaluator]) -> tuple[str, ...]:
    """Return the subjects that permissions name, templates filled in; ``>`` if there are none."""
    named = {
        entry.partition(" ")[0]
        for evaluator in evaluators
        for side in (evaluator.effective().pub, evaluator.effective().sub)
        for entry in (*(side.allow or ()), *(side.deny or ()))
    }
    return tuple(sorted(named or {_EVERYTHING}))


def _judgement(decision: Decision) -> Judgement:
    rule, subject = decision.rule, decision.subject
    return Judgement(
        decision.operation,
        decision.verdict,
        decision.reason,
        decision.explain().replace(repr(subject), f"'{SUBJECT}'"),
        decision.error.replace(f'"{subject}"', f'"{SUBJECT}"'),
        rule.text if rule else "",
        rule.path if rule else "",
        rule.origin if rule else "",
        rule.source if rule else "",
    )


def _refusal(work: Workspace, operator: OperatorNode, account: AccountNode, user: UserNode) -> str:
    around = Surroundings(work, [operator.token], account.token, is_certain=True)
    who = Credentials(user.token.encoded, None, "", is_bare=True)
    item = diagnose(who, around, Circumstances(Connection(address=None))).refusal
    known = (user.token.claims, account.token.claims, operator.token.claims)
    return readable(item.message, *known) if item else ""


def document_of(matrix: Matrix) -> dict[str, Any]:
    """Return a matrix as JSON: in each cell both verdicts, and the number of the reason of each."""
    return {
        "operator": matrix.operator,
        "reasons": [
            {
                **judgement._asdict(),
                "mark": judgement.mark,
                "explanation": text_for(judgement.explanation, "SUBJECT"),
                "error": text_for(judgement.error, "SUBJECT"),
            }
            for judgement in matrix.judgements
        ],
        "subjects": [*matrix.subjects],
        "users": [
            {
                "account": row.account,
                "answers": row.answers,
                "name": row.name,
                "public_key": row.public_key,
                "refused": row.refused,
                "subjects": [
                    {
                        "subject": subject,
                        "publish": publish.verdict,
                        "publish_reason": row.cells[2 * column],
                        "subscribe": subscribe.verdict,
                        "subscribe_reason": row.cells[2 * column + 1],
                    }
                    for column, subject in enumerate(matrix.subjects)
                    for publish, subscribe in (matrix.cell(row, column),)
                ],
            }
            for row in matrix.rows
        ],
    }
