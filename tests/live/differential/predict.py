"""What natsauth.policy says about a case, held against a server's answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsauth.claims import AccountClaims, UserClaims
from natsauth.errors import ClaimsError, TokenError
from natsauth.policy import evaluate
from natsauth.policy.connection import Connection, admit
from natsauth.policy.decision import Reason, Verdict
from natsauth.token import decode
from tests.live.differential.lab import SIGNERS, ZONE, received_by

if TYPE_CHECKING:
    from natsauth.policy import Decision, Evaluator, Session
    from natsauth.policy.admission import Admission
    from natsauth.token import Token
    from tests.live.differential.cases import Json, Keys, Minted
    from tests.live.differential.lab import Answers

_STEP_SECONDS = 0.001


def differences(minted: Minted, answers: Answers, keys: Keys) -> list[Json]:
    """Return where natsauth.policy says something else than the server."""
    account = _account(minted)
    admission = _admission(minted, account, answers.at, keys)
    # Of an account that is no token there is none for admit() to say what is wrong with it.
    log = "" if account is None and minted.account else admission.log
    if admission.error != answers.connect or (not admission and log not in answers.log):
        ours = {"error": admission.error, "log": admission.log}
        return [_difference({}, [ours], {"error": answers.connect, "log": answers.log})]
    if not admission:
        return []
    observer = decode(minted.observer, UserClaims)
    prediction = _Prediction(admission, answers.at, evaluate(observer, account))
    return [
        _difference(step, possible, answer)
        for step, answer in zip(minted.steps, answers.steps, strict=True)
        if answer not in (possible := prediction.of(step))
    ]


def _account(minted: Minted) -> Token[AccountClaims] | None:
    try:
        return None if minted.account is None else decode(minted.account, AccountClaims)
    except (TokenError, ClaimsError):
        return None


def _difference(step: Any, ours: list[Json], theirs: Json) -> Json:
    return {"step": step, "natsauth": ours, "server": theirs}


def _admission(
    minted: Minted,
    account: Token[AccountClaims] | None,
    at: float,
    keys: Keys,
) -> Admission:
    connect = minted.case.connect
    signer = SIGNERS.get(connect.get("signed", "good"))
    signed = None if signer is None else signer == minted.case.user.get("sub", "$USER")
    accounts = {keys.system_account.claims.sub: keys.system_account}
    if account is not None:
        accounts[minted.account_key] = account
    address = connect.get("address", "127.0.0.1")
    connection = Connection(at=at, server_zone=ZONE, signed=signed, address=address)
    return admit(minted.user, account=accounts, operator=keys.operators, connection=connection)


class _Prediction:
    """What a connection would answer, step by step."""

    def __init__(self, admission: Admission, at: float, observer: Evaluator) -> None:
        assert admission.evaluator is not None
        self._admission = admission
        self._evaluator = admission.evaluator
        self._observer = observer
        self._session: Session = admission.evaluator.session()
        self._connected = at
        self._at = 0.0

    def of(self, step: Json) -> list[Json]:
        """Return the answers that the server may give to the next step."""
        self._at += _STEP_SECONDS
        arguments = dict(step)
        answers: list[Json] = getattr(self, f"_{arguments.pop('do')}")(**arguments)
        return answers

    def _publish(self, subject: str, reply: str | None = None) -> list[Json]:
        decision = self._session.publish(subject, reply=reply, at=self._at)
        # What has an empty token is permitted, and reaches nobody.
        return [
            {"error": d.error, "as": [d.checked] if d and "" not in d.checked.split(".") else []}
            for d in decision.destinations or (decision,)
        ]

    def _subscribe(self, subject: str, queue: str | None = None) -> list[Json]:
        decision = self._session.subscribe(subject, queue=queue, at=self._at)
        alone = self._evaluator.subscribe(subject, queue=queue)
        if decision.reason is Reason.SUBSCRIPTION_LIMIT:
            return [{"error": decision.error}]
        return [{"error": decision.error}] if decision.error == alone.error else []

    def _unsubscribe(self, subject: str, queue: str | None = None) -> list[Json]:
        self._session.unsubscribe(subject, queue=queue)
        return [{"error": ""}]

    def _incoming(self, subject: str, reply: str | None = None) -> list[Json]:
        sent = self._observer.publish(subject, reply=reply)
        return [self._delivered(d, reply) for d in sent.destinations or (sent,)]

    def _delivered(self, sent: Decision, reply: str | None) -> Json:
        if not sent:
            return {"to": []}
        subject = sent.checked
        deliveries = self._session.incoming(subject, reply=reply, at=self._at)
        for to, decision in deliveries:
            # What is withheld was said to be so, when it was subscribed to.
            assert decision or to.verdict is Verdict.FILTERED
            assert decision.verdict is self._evaluator.deliver(subject, to=to).verdict
        return {"to": sorted(received_by(d.to.subject, d.to.queue or "") for d in deliveries if d)}

    def _wait(self, ms: int) -> list[Json]:
        closing = self._admission.closing
        self._at += ms / 1000
        if closing and closing.at.timestamp() <= self._connected + self._at:
            # Now and then the server has no time left to say why.
            return [{"error": closing.error}, {"error": "closed"}]
        return [{"error": ""}]
