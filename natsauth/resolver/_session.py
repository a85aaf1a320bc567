"""What all operations of a client share: whom it asks, for whom, and how it waits."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from natsauth.errors import ResolverError, ResolverTimeoutError
from natsauth.resolver._answers import Roster, parse_roster, parse_trusted
from natsauth.resolver._protocol import PING, VARZ

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable
    from typing import Self

    from natsauth.claims.operator import OperatorClaims
    from natsauth.resolver._questions import Answers, Question, Questions


class NobodyAnswersError(ResolverError):
    """No server has what answers such a question."""


@dataclass(frozen=True, slots=True)
class Session:
    """A connection that stands, and what is known on it.

    Attributes:
        questions: What is asked.
        operator: The operator that the servers trust.
        system_account: The public key of the system account.
        max_payload: Bytes that the server takes in one message.
        patience: Seconds without any answer after which none is expected.
        roster: The servers that are to answer.
        trusted: The keys that may sign accounts by the operator tokens that a server has in its
            configuration, by the server's name; servers that do not tell are left out.
    """

    questions: Questions
    operator: OperatorClaims
    system_account: str
    max_payload: int
    patience: float
    roster: Roster
    trusted: dict[str, frozenset[str]] = field(default_factory=dict)

    async def with_roster(self, expected: int | None) -> Self:
        """Count the servers, and learn whom they trust.

        Args:
            expected: How many are to answer; as many as there are if not given.

        Raises:
            ResolverError: None answers, one gives no answer, or the user may not ask.
            ResolverTimeoutError: None answered in time.
            ResolverConnectionError: The connection was lost.
        """
        read: list[Roster] = []

        def enough(received: list[bytes]) -> bool:
            read.extend(parse_roster([answer]) for answer in received[len(read) :])
            return len(received) >= (expected or max((r.count for r in read), default=1))

        hint = "the user must be one of the system account"
        async with self.questions.aside(VARZ, patience=self.patience) as told:
            answers = await self.ask(PING, enough=enough, hint=hint)
            trusted = parse_trusted(await told(lambda received: len(received) >= len(answers)))
        roster = parse_roster(answers)
        roster = replace(roster, count=expected or roster.count)
        return replace(self, roster=roster, trusted=trusted)

    async def ask(
        self,
        subject: str,
        *,
        hint: str,
        enough: Callable[[list[bytes]], bool] | None = None,
    ) -> list[bytes]:
        """Ask one question of nothing but a subject, and return the answers.

        Args:
            subject: Where it is published.
            hint: The cure if nobody answers.
            enough: Tells from the answers whether there are all of them; as many as there are
                servers if not given.

        Raises:
            NobodyAnswersError: No server answers such a question.
            ResolverTimeoutError: No server answered in time.
            ResolverConnectionError: The connection was lost.
            ResolverError: The user may not ask.
        """
        answers = await self.questions.ask(
            subject,
            b"",
            enough=enough or (lambda received: len(received) >= self.roster.count),
            patience=self.patience,
        )
        if answers.no_responders:
            raise NobodyAnswersError(f"no server answers {subject}", hint=hint)
        if not answers.received:
            raise ResolverTimeoutError(f"no server answered {subject} in time", hint=hint)
        return answers.received

    def ask_each(
        self,
        questions: Iterable[Question] | AsyncIterable[Question],
        *,
        expected: int | None = None,
    ) -> AsyncGenerator[Answers, None]:
        """Ask many questions; see :meth:`Questions.ask_each`.

        Args:
            questions: Subjects and payloads.
            expected: How many answers are all of them; as many as there are servers if not given.
        """
        return self.questions.ask_each(
            questions, expected=expected or self.roster.count, patience=self.patience
        )
