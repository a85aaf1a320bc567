from __future__ import annotations

import pytest

from natsauth import Permission, User, UserClaims
from natsauth.errors import NotFoundError, UsageError
from natsauth.testing import Sandbox, assert_lint_clean

STAR = {"sub": {"allow": ["orders.*"]}}


def test_what_is_clean_passes() -> None:
    sandbox = Sandbox()
    assert_lint_clean(sandbox)
    assert_lint_clean(sandbox.add_user("alice"))  # without expiry, which is for information
    assert_lint_clean({"sub": {"allow": ["orders.new"]}})


def test_findings_are_told_with_their_cures() -> None:
    with pytest.raises(AssertionError) as caught:
        assert_lint_clean(STAR)
    head, empty, finding, cure = str(caught.value).splitlines()
    assert (head, empty) == ("lint has 1 findings", "")
    assert finding.startswith("warning final_star at $.sub.allow[0]: ")
    assert cure.startswith("    ")


def test_what_is_meant_so_is_ignored() -> None:
    assert_lint_clean(STAR, ignore=["final_star"])
    assert_lint_clean(STAR, ignore="final_star")
    with pytest.raises(UsageError, match="no finding has the code 'final_stars'"):
        assert_lint_clean(STAR, ignore=["final_stars"])
    with pytest.raises(UsageError, match="ignore is a list of codes, got int"):
        assert_lint_clean(STAR, ignore=5)  # type: ignore[arg-type]


def test_a_tree_is_looked_through() -> None:
    sandbox = Sandbox()
    sandbox.add_user("alice", STAR)
    sandbox.account.claims.nats.default_permissions.sub = Permission(allow=["all.*"])
    sandbox.commit()
    for subject in (sandbox, sandbox.operator, sandbox.account):
        with pytest.raises(AssertionError) as caught:
            assert_lint_clean(subject)
        found = [line.split(": ")[0] for line in str(caught.value).splitlines()[2::2]]
        assert found == ["sandbox/app", "sandbox/app/alice"]
    with pytest.raises(AssertionError, match=r"^lint has 1 findings\n\nsandbox/app/alice: warning"):
        assert_lint_clean(sandbox.account.users["alice"], sandbox.account.token)
    sandbox.account.users.add("bob")
    with pytest.raises(NotFoundError, match="is not committed yet"):
        assert_lint_clean(sandbox)


def test_drafts_and_what_is_none() -> None:
    with pytest.raises(AssertionError, match="final_star"):
        assert_lint_clean(UserClaims(nats=User(sub=Permission(allow=["orders.*"]))))
    with pytest.raises(UsageError):
        assert_lint_clean(object())
