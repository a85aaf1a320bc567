"""A real server that is asked thousands of cases, and looks their accounts up here."""

from __future__ import annotations

import json
import os
import re
import socket
import struct
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from os import SEEK_END
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest.mock import patch
from urllib.parse import urlsplit

from natsauth.testing import NatsServer
from tests.live.differential.cases import Keys, base64url

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO

    from natsauth.keys import KeyPair
    from tests.live.differential.cases import Case, Json, Minted

SECONDS = 10.0
ZONE = "America/New_York"
"""The time zone of the server, in which the times of users are that say no other."""
SIGNERS = {"good": "$USER", "bad": "$OBSERVER"}
"""Whose key signs the nonce."""
_CLOSED = ("User Authentication Expired", "maximum subscriptions exceeded")
"""What a server says that takes a connection, and has no use for it."""
_MISSING = re.compile('could not fetch <".*">: 404 Not Found')
"""What this resolver says in other words than those that hold the accounts themselves."""
_PREFIX = re.compile(r"^\[\d+\] \S+ \S+ \[[A-Z]+\] (?:\S+ - cid:\d+ - )?", re.MULTILINE)
_ROUTINE = re.compile(
    r"^(?:Client connection |authentication error|Account \[\w+\] fetch took|Account fetch failed|"
    r"Updating account claims).*\n",
    re.MULTILINE,
)
_RESET = struct.pack("ii", 1, 0)  # no TIME_WAIT: thousands of connections would use up the ports


class Message(NamedTuple):
    """A message, as one subscription received it."""

    subject: str
    sid: str


class Client:
    """One connection, in the bare protocol.

    Args:
        port: Of the server.
        token: The user's token.
        signer: Signs the nonce, or ``None``.
        address: Where to connect from.
        options: More fields of CONNECT.

    Attributes:
        error: Why the server refused or closed the connection, or "".
    """

    def __init__(
        self,
        port: int,
        token: str,
        signer: KeyPair | None,
        *,
        address: str = "127.0.0.1",
        **options: Any,
    ) -> None:
        self.error = ""
        self._socket = socket.create_connection(("127.0.0.1", port), SECONDS, (address, 0))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._unread = b""
        nonce = json.loads((self._readline() or "").removeprefix("INFO "))["nonce"]
        # Without echo, what a client publishes opens no reply slots of its own.
        fields = {"jwt": token, "verbose": False, "pedantic": False, "echo": False, "protocol": 1}
        if signer is not None:
            fields["sig"] = base64url(signer.sign(nonce.encode()))
        self.send(f"CONNECT {json.dumps(fields | options)}\r\n")
        self.barrier()

    def close(self) -> None:
        self._socket.close()

    def send(self, text: str) -> None:
        with suppress(ConnectionError):  # what was said before it was closed is still to be read
            self._socket.sendall(text.encode())

    def barrier(self) -> tuple[list[str], list[Message]]:
        """Return the errors and messages that the server has for everything sent so far."""
        self.send("PING\r\n")
        return self._receive()

    def wait(self, seconds: float) -> None:
        """Give the server time to close the connection."""
        self._socket.settimeout(seconds)
        with suppress(TimeoutError):
            self._receive()
        self._socket.settimeout(SECONDS)

    def _receive(self) -> tuple[list[str], list[Message]]:
        errors: list[str] = []
        messages: list[Message] = []
        while True:
            line = self._readline()
            if line is None:
                self.error = errors[-1] if errors else "closed"
                return errors, messages
            word, _, rest = line.partition(" ")
            match word:
                case "PONG":
                    return errors, messages
                case "PING":
                    self.send("PONG\r\n")
                case "-ERR":
                    errors.append(rest[1:-1])
                case "MSG":  # an empty one: the next line is its payload
                    messages.append(Message(*rest.split(" ")[:2]))

    def _readline(self) -> str | None:
        while b"\r\n" not in self._unread:
            try:
                chunk = self._socket.recv(1 << 16)
            except ConnectionError:
                chunk = b""
            if not chunk:
                return None
            self._unread += chunk
        line, _, self._unread = self._unread.partition(b"\r\n")
        # A mapping may cut a subject within a character.
        return line.decode(errors="surrogateescape")


@dataclass(frozen=True)
class Answers:
    """What came of a case.

    Attributes:
        at: When the client connected.
        connect: "" if the server took the connection, or the error that it sent.
        log: What it logged, if it did not.
        steps: What came of each step: the ``error``; ``as`` what others saw a message; ``to``
            what subscriptions it went.
    """

    at: float
    connect: str
    log: str = ""
    steps: list[Json] = field(default_factory=list)


class _Session:
    """The steps of a case, taken by a client while an observer sees and publishes everything."""

    def __init__(self, client: Client, observer: Client) -> None:
        self._client = client
        self._observer = observer
        self._open: dict[str, tuple[str, str]] = {}
        self._last = 0
        observer.send("SUB > 1\r\n")
        observer.barrier()

    def take(self, step: Json) -> Json:
        """Take a step, and return what came of it."""
        arguments = dict(step)
        taken: Json = getattr(self, f"_{arguments.pop('do')}")(**arguments)
        return taken

    def _publish(self, subject: str, reply: str = "") -> Json:
        self._client.send(f"PUB {subject} {reply} 0\r\n\r\n")
        errors, _ = self._client.barrier()
        _, messages = self._observer.barrier()
        return {"error": "".join(errors), "as": [message.subject for message in messages]}

    def _subscribe(self, subject: str, queue: str = "") -> Json:
        self._last += 1
        self._client.send(f"SUB {subject} {queue} {self._last}\r\n")
        errors, _ = self._client.barrier()
        if not errors:
            self._open[str(self._last)] = subject, queue
        return {"error": "".join(errors)}

    def _unsubscribe(self, subject: str, queue: str = "") -> Json:
        opened = (sid for sid, found in self._open.items() if found == (subject, queue))
        if (sid := next(opened, None)) is None:
            return {"error": ""}
        del self._open[sid]
        self._client.send(f"UNSUB {sid}\r\n")
        errors, _ = self._client.barrier()
        return {"error": "".join(errors)}

    def _incoming(self, subject: str, reply: str = "") -> Json:
        self._observer.send(f"PUB {subject} {reply} 0\r\n\r\n")
        self._observer.barrier()
        _, messages = self._client.barrier()
        return {"to": sorted(received_by(*self._open[message.sid]) for message in messages)}

    def _wait(self, ms: int) -> Json:
        self._client.wait(ms / 1000)
        return {"error": self._client.error}


def received_by(subject: str, queue: str) -> str:
    """Name a subscription: the server picks any of those in a queue group."""
    return f"queue {queue}" if queue else subject


class Lab:
    """A server, and what it is asked; made by :func:`lab`.

    Attributes:
        keys: Those that it trusts, and some that it does not.
    """

    def __init__(self, keys: Keys, port: int, log: TextIO, accounts: dict[str, str]) -> None:
        self.keys = keys
        self._port = port
        self._log = log
        self._accounts = accounts

    def run(self, case: Case) -> tuple[Minted, Answers]:
        """Ask the server."""
        while True:
            minted = self.keys.mint(case, int(time.time()))
            answers = self._answers(minted)
            if int(answers.at) == minted.at:
                return minted, answers

    def _answers(self, minted: Minted) -> Answers:
        if minted.account is not None:
            self._accounts[minted.account_key] = minted.account
        self._log.seek(0, SEEK_END)
        options = {"signed": "good"} | minted.case.connect
        name = SIGNERS.get(options.pop("signed"))
        signer = self.keys.pair(name) if name else None
        with ExitStack() as stack:
            at = time.time()
            client = stack.enter_context(
                closing(Client(self._port, minted.user, signer, **options))
            )
            if client.error in _CLOSED:
                return Answers(at, "", "", [{"error": client.error} for _ in minted.steps])
            if client.error:
                return Answers(at, client.error, _reasons(self._log.read()))
            observer = Client(self._port, minted.observer, self.keys.pair("$OBSERVER"))
            session = _Session(client, stack.enter_context(closing(observer)))
            return Answers(at, "", "", [session.take(step) for step in minted.steps])


def _reasons(log: str) -> str:
    """Return what the log says of one connection, without what it says of every one."""
    return _MISSING.sub("account missing", _ROUTINE.sub("", _PREFIX.sub("", log)))


@contextmanager
def lab(directory: Path, more: str = "") -> Iterator[Lab]:
    """Run a server that looks up accounts in a dictionary of this process.

    Args:
        directory: An empty one.
        more: More lines of configuration.
    """
    keys = Keys()
    system = keys.pair("$SYSTEM").public_key
    accounts = {system: keys.system_account.encoded}
    config = directory / "server.conf"
    with _serve(accounts) as url, ExitStack() as stack:
        config.write_text(
            f"operator: {json.dumps([token.encoded for token in keys.operators])}\n"
            f"system_account: {system}\n"
            f"resolver: URL({url})\ndebug: true\n{more}\n"
        )
        with patch.dict(os.environ, TZ=ZONE):
            server = stack.enter_context(NatsServer(config, directory=directory))
        log = (directory / "nats-server.log").open(encoding="utf-8", newline="")
        stack.enter_context(log)
        yield Lab(keys, urlsplit(server.url).port or 0, log, accounts)


@contextmanager
def _serve(accounts: dict[str, str]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet an answer
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            name = self.path.rsplit("/", 1)[-1]
            body = accounts.get(name, "").encode()
            self.send_response(200 if body or not name else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/accounts/"
        finally:
            server.shutdown()
            thread.join()
