"""Whatever is edited in whatever order, the store stays a tree that servers trust."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from natsauth.authority import AccountNode, Authority, UserNode
from natsauth.claims import User
from natsauth.errors import ConflictError, ExistsError, NatsAuthError
from natsauth.store import MemoryStore
from natsauth.token import decode
from natsauth.trust import TrustCode
from tests._authority import NOW, check_tree, tokens

if TYPE_CHECKING:
    from natsauth.authority import OperatorNode

pytestmark = pytest.mark.slow

Path = tuple[str, ...]

names = st.sampled_from(["a", "b", "A", "c d", "\u00e9"])
anything = st.one_of(st.none(), st.integers(), st.text(max_size=3), st.binary(), st.lists(names))


class Tree(RuleBasedStateMachine):
    """Edits a tree beside a model of it: the tags of each entry, as stored and as drafted."""

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore()
        self.authority = Authority(self.store)
        operator = self.authority.operators.add("op", signing_keys=1, system_account=True)
        operator.require_signing_keys()
        self.authority.commit(now=NOW)
        self.now = NOW
        self.stored: dict[Path, list[str]] = {path: [] for path in tokens(self.store)}
        self.drafted = dict(self.stored)
        self.touched: set[Path] = set()
        self.known = tokens(self.store)

    @property
    def operator(self) -> OperatorNode:
        return self.authority.operators["op"]

    def node(self, path: Path) -> Any:
        node: Any = self.authority.operators[path[0]]
        for name in path[1:]:
            node = node.accounts[name] if len(node.path) == 1 else node.users[name]
        return node

    def pick(self, data: st.DataObject, length: int) -> Path | None:
        paths = sorted(
            path for path in self.drafted if len(path) == length and path[1:] != ("SYS",)
        )
        return data.draw(st.sampled_from(paths)) if paths else None

    @rule(name=names)
    def add_account(self, name: str) -> None:
        before = {path for path in (*self.drafted, *self.stored) if len(path) == 2}
        try:
            self.operator.accounts.add(name, signing_keys=1).signing_keys.add_role("team")
        except ExistsError:
            assert name.lower() in {path[1].lower() for path in before}
        else:
            self.drafted["op", name] = []
            self.touched.add(("op", name))

    @rule(data=st.data(), name=names, role=st.booleans())
    def add_user(self, data: st.DataObject, name: str, *, role: bool) -> None:
        above = self.pick(data, 2)
        if above is None:
            return
        path = (*above, name)
        try:
            self.node(above).users.add(name, signer="team" if role else None)
        except ExistsError:
            assert path in self.drafted or path in self.stored
        else:
            self.drafted[path] = []
            self.touched.add(path)

    @rule(data=st.data(), length=st.integers(1, 3), tag=names)
    def add_tag(self, data: st.DataObject, length: int, tag: str) -> None:
        path = self.pick(data, length)
        if path is not None:
            node = self.node(path)
            self.drafted[path] = [*self.drafted[path], tag]
            node.claims.nats.tags = list(self.drafted[path])
            self.touched.add(path)

    @rule(data=st.data(), length=st.integers(1, 3))
    def reissue(self, data: st.DataObject, length: int) -> None:
        path = self.pick(data, length)
        if path is not None:
            self.node(path).reissue()
            self.touched.add(path)

    @rule(data=st.data(), length=st.integers(2, 3))
    def delete(self, data: st.DataObject, length: int) -> None:
        path = self.pick(data, length)
        if path is None:
            return
        self.node(path).delete()
        self.drafted = {p: tags for p, tags in self.drafted.items() if p[: len(path)] != path}
        self.touched |= {path, *([path[:2]] if length == 3 else [])}

    @rule(data=st.data())
    def revoke_and_reissue(self, data: st.DataObject) -> None:
        path = self.pick(data, 3)
        if path is not None:
            node: UserNode = self.node(path)
            node.revoke(now=self.now)
            node.reissue()
            self.touched |= {path, path[:2]}

    @rule(data=st.data())
    def replace_signing_keys(self, data: st.DataObject) -> None:
        path = self.pick(data, 2)
        if path is None:
            return
        node: AccountNode = self.node(path)
        plain = [key for key in node.claims.nats.signing_keys if isinstance(key, str)]
        node.signing_keys.generate()
        node.signing_keys.remove(*plain)
        node.reissue_users()
        self.touched |= {path, *(p for p in self.drafted if p[:2] == path)}

    @rule()
    def replace_operator_keys(self) -> None:
        self.operator.signing_keys.generate()
        self.operator.signing_keys.remove(next(iter(self.operator.signing_keys)))
        self.operator.reissue_all()
        self.touched |= set(self.drafted)

    @rule(step=st.integers(-3, 3))
    def commit(self, step: int) -> None:
        self.now += step
        changes = self.authority.commit(now=self.now)
        assert {change.path for change in changes} <= self.touched
        self.stored, self.touched = dict(self.drafted), set()

    @precondition(lambda self: not self.touched)
    @rule(data=st.data(), name=names)
    def rename(self, data: st.DataObject, name: str) -> None:
        path = self.pick(data, 2)
        if path is None:
            return
        new = ("op", name)
        try:
            self.node(path).rename(name)
        except ExistsError:
            assert any(name.lower() == other[1].lower() for other in self.stored if len(other) > 1)
            return
        self.authority.commit(now=self.now)
        if new != path:
            self.known = {(*new, *p[2:]) if p[:2] == path else p: t for p, t in self.known.items()}
        self.drafted = {(*new, *p[2:]) if p[:2] == path else p: t for p, t in self.stored.items()}
        self.stored = dict(self.drafted)

    @rule()
    def discard(self) -> None:
        self.authority.discard()
        self.drafted, self.touched = dict(self.stored), set()

    @precondition(lambda self: self.touched)
    @rule(data=st.data(), tag=names)
    def be_overtaken(self, data: st.DataObject, tag: str) -> None:
        both = sorted(self.touched & set(self.stored) & set(self.drafted))
        if not both:
            return
        path = data.draw(st.sampled_from(both))
        other = Tree.__new__(Tree)
        other.authority = Authority(self.store)
        node = other.node(path)
        node.claims.nats.tags = [*self.stored[path], tag]
        other.authority.commit(now=self.now)
        self.stored[path] = [*self.stored[path], tag]
        try:
            self.authority.commit(now=self.now)
        except ConflictError:
            self.discard()
        else:
            raise AssertionError(path)

    @rule(data=st.data(), bad=anything)
    def attack(self, data: st.DataObject, bad: Any) -> None:
        """Do what makes no sense: it is refused by an error of natsauth, and changes nothing."""
        path = self.pick(data, 2)
        if path is None or self.touched:
            return
        node, before = self.node(path), tokens(self.store)
        attempts = [
            lambda: setattr(node.claims.nats, data.draw(st.sampled_from(FIELDS)), bad),
            lambda: setattr(node.claims, data.draw(st.sampled_from(MEMBERS)), bad),
            lambda: node.users.add("new", signer=bad),
            lambda: node.users.add("new", key=bad if bad is not None else 5),
            lambda: node.users.add("new", User(tags=bad)),
            lambda: (node.reissue(), node.sign_with(bad)),
        ]
        try:
            data.draw(st.sampled_from(attempts))()
            self.authority.commit(now=self.now)
        except NatsAuthError:
            assert tokens(self.store) == before
            self.discard()
        else:
            self.accept()

    def accept(self) -> None:
        """Take what an attack brought about for the model."""
        self.authority.discard()
        self.stored = {
            path: list(getattr(decode(text).claims, "nats").tags or ())  # noqa: B009
            for path, text in tokens(self.store).items()
        }
        self.drafted, self.touched = dict(self.stored), set()

    @invariant()
    def the_store_is_whole(self) -> None:
        found = tokens(self.store)
        assert set(found) == set(self.stored)
        check_tree(self.store, self.now + 1000, but=(TrustCode.USER_REVOKED,))
        for path, text in found.items():
            claims: Any = decode(text).claims
            assert (claims.nats.tags or []) == self.stored[path]
            if path in self.known and self.known[path] != text:
                before = decode(self.known[path]).claims
                assert claims.sub != before.sub or claims.iat > before.iat
        self.known = found


FIELDS = [
    "limits", "signing_keys", "exports", "imports", "mappings", "revocations", "tags", "version",
    "authorization", "trace", "default_permissions", "description", "type",
]  # fmt: skip
MEMBERS = ["nats", "sub", "iss", "iat", "jti", "name", "exp", "nbf", "aud"]

TestTree = Tree.TestCase
TestTree.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
