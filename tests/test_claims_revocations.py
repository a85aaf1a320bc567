"""Revocations: inclusive, never earlier than before, and compacted under the one of everybody."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from natsauth._wire import read_document, write_document
from natsauth.claims import ANY, Account, Export
from natsauth.claims.base import clock
from natsauth.errors import ClaimsError, UsageError

both = pytest.mark.parametrize("cls", [Account, Export])


@both
def test_a_token_of_the_very_second_is_revoked(cls: Any) -> None:
    holder = cls()
    holder.revoke("U", at=10.9)
    assert holder.revocations == {"U": 10}
    assert [holder.is_revoked("U", second) for second in (9, 10, 10.9, 11)] == [
        True,
        True,
        True,
        False,
    ]
    assert holder.is_revoked("U", datetime.fromtimestamp(10, UTC))
    assert not holder.is_revoked("V", 5)


@both
def test_a_revocation_never_moves_back(cls: Any) -> None:
    holder = cls()
    for at in (10, 5, 10, datetime.fromtimestamp(7, UTC)):
        holder.revoke("U", at=at)
    assert holder.revocations == {"U": 10}
    holder.revoke("U", at=11)
    assert holder.revocations == {"U": 11}
    holder.revoke("V", at=-5)
    assert holder.revocations == {"U": 11, "V": -5}


@both
def test_everybody_is_revoked_at_once(cls: Any) -> None:
    holder = cls()
    holder.revoke_all(at=10)
    assert holder.revocations == {ANY: 10}
    assert holder.is_revoked("U", 10)
    assert not holder.is_revoked("U", 11)
    holder.revoke("U", at=20)
    assert (holder.is_revoked("U", 20), holder.is_revoked("V", 20)) == (True, False)


@both
def test_now_is_the_default(cls: Any) -> None:
    holder, before = cls(), clock()
    holder.revoke("U")
    holder.revoke_all()
    assert before <= holder.revocations["U"] <= holder.revocations[ANY] <= clock()


@both
def test_a_revocation_is_forgotten(cls: Any) -> None:
    holder = cls()
    holder.clear_revocation("U")
    assert holder.revocations is None
    holder.revoke("U", at=5)
    holder.clear_revocation("V")
    holder.clear_revocation("U")
    assert holder.revocations == {}
    assert not holder.is_revoked("U", 5)


def test_what_everybody_covers_is_needless() -> None:
    account = Account(revocations={"a": 9, "b": 10, "c": 11, ANY: 10})
    assert account.compact_revocations() == {"a": 9, "b": 10}
    assert account.revocations == {"c": 11, ANY: 10}
    assert account.compact_revocations() == {}
    for revocations in ({"a": 9}, {}, None):
        other = Account(revocations=revocations)
        assert other.compact_revocations() == {}
        assert other.revocations == revocations


@pytest.mark.parametrize("wrong", [True, "now", float("nan"), datetime(2020, 1, 1)], ids=repr)  # noqa: DTZ001
def test_a_moment_is_a_moment(wrong: Any) -> None:
    account = Account(revocations={"U": 5})
    for use in (account.revoke_all, lambda at: account.revoke("U", at=at)):
        with pytest.raises(UsageError):
            use(at=wrong)
    with pytest.raises(UsageError):
        account.is_revoked("U", wrong)
    with pytest.raises(UsageError):
        account.is_revoked("U", None)  # type: ignore[arg-type]
    assert account.revocations == {"U": 5}


@pytest.mark.parametrize("wrong", [["U"], {}, set()], ids=repr)
def test_a_key_is_text(wrong: Any) -> None:
    account = Account()
    try:
        account.revoke(wrong, at=5)
    except UsageError:
        assert not account.revocations


@pytest.mark.parametrize("other", [5, None], ids=["good", "null"])  # good ones are read together
def test_revocations_are_read_as_64_bit_seconds(other: int | None) -> None:
    edges = {"a": 2**63 - 1, "b": -(2**63), "c": other}
    read = read_document(Account, {"revocations": edges}).revocations
    assert read == {**edges, "c": other or 0}
    for wrong in (2**63, -(2**63) - 1, True, 1.0, "5", [0]):
        with pytest.raises(ClaimsError, match=r"^\$\.revocations\['y\.z'\]: expected integer, got"):
            read_document(Account, {"revocations": {"x": other, "y.z": wrong}})


@pytest.mark.parametrize("wrong", [[], "x", 5, True])
def test_revocations_are_an_object(wrong: Any) -> None:
    with pytest.raises(ClaimsError, match=r"^\$\.revocations: expected object"):
        read_document(Account, {"revocations": wrong})
    assert read_document(Account, {"revocations": {}}).revocations == {}
    assert read_document(Account, {"revocations": None}).revocations is None


def test_revocations_are_written_in_the_order_of_their_keys() -> None:
    written = write_document(Export(revocations={"b": 1, ANY: 2, "a": 0}))
    assert written == '{"revocations":{"*":2,"a":0,"b":1}}'
    assert write_document(Export(revocations={})) == "{}"
    for wrong in ({"a": True}, {"a": "5"}, {"a": None}, {"a": 2**63}, {5: 5}, {5: 5, "a": 5}):
        with pytest.raises(ClaimsError, match=r"^\$\.revocations"):
            write_document(Export(revocations=wrong))  # type: ignore[arg-type]
