"""The error tree: who is whose child, what is shown, and what survives a way between processes."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING

import pytest

from natsauth import errors
from natsauth.errors import ClaimsError, ErrorCode, NatsAuthError, Problem, UsageError
from tests._tokens import ACCOUNT, USER, shown

if TYPE_CHECKING:
    from collections.abc import Iterator


def tree(cls: type[NatsAuthError]) -> Iterator[type[NatsAuthError]]:
    yield cls
    for child in cls.__subclasses__():
        yield from tree(child)


CLASSES = [cls for cls in tree(NatsAuthError) if cls.__module__ == errors.__name__]
BUILTINS: dict[type[Exception], set[type[NatsAuthError]]] = {
    TypeError: {errors.UsageError},
    OSError: {errors.FileError, errors.ResolverConnectionError, errors.ResolverTimeoutError},
    ConnectionError: {errors.ResolverConnectionError},
    TimeoutError: {errors.ResolverTimeoutError},
    KeyError: {errors.NotFoundError},
}


def make(cls: type[NatsAuthError], *, hint: str = "") -> NatsAuthError:
    if issubclass(cls, ClaimsError):
        return cls([Problem("$.exp", "no"), Problem("$.sub", "nor")], hint=hint)
    return cls("$.exp: no; $.sub: nor", hint=hint)


def test_every_class_has_a_code_of_its_own() -> None:
    assert sorted(cls.code for cls in CLASSES) == sorted(ErrorCode)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_the_docstring_draws_every_class(cls: type[NatsAuthError]) -> None:
    assert errors.__doc__ is not None
    assert f"{cls.__name__} " in errors.__doc__ or f"{cls.__name__}\n" in errors.__doc__


@pytest.mark.parametrize("builtin", BUILTINS, ids=lambda cls: cls.__name__)
def test_builtin_parents(builtin: type[Exception]) -> None:
    assert {cls for cls in CLASSES if issubclass(cls, builtin)} == BUILTINS[builtin]


def test_what_is_about_a_value_is_a_value_error() -> None:
    plain = {NatsAuthError, errors.StoreError, errors.ConflictError, errors.ResolverError}
    others = plain.union(*BUILTINS.values())
    assert {cls for cls in CLASSES if issubclass(cls, ValueError)} == set(CLASSES) - others


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_the_hint_stands_after_the_message(cls: type[NatsAuthError]) -> None:
    assert str(make(cls)) == "$.exp: no; $.sub: nor"
    assert make(cls).hint == ""
    assert str(make(cls, hint="try")) == "$.exp: no; $.sub: nor (hint: try)"


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("way", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])  # noqa: S301
def test_errors_survive_pickling_and_copying(cls: type[NatsAuthError], way: object) -> None:
    assert callable(way)
    error = make(cls, hint="try")
    made = way(error)
    assert type(made) is cls
    assert (str(made), made.hint, made.args) == (str(error), "try", error.args)
    assert getattr(made, "problems", ()) == getattr(error, "problems", ())


def test_claims_errors_name_every_problem_in_order() -> None:
    error = ClaimsError(iter([Problem("$.b", "first"), Problem("$.a", "second")]))
    assert str(error) == "$.b: first; $.a: second"
    assert error.problems == (Problem("$.b", "first"), Problem("$.a", "second"))


def test_no_error_shows_a_seed_whatever_it_is_about() -> None:
    private = USER.reveal_private_key()
    for secret in (USER.reveal_seed(), USER.reveal_seed()[:-3], private):
        for error in (
            UsageError(f"there is no {secret!r}", hint=f"not {secret}"),
            ClaimsError([Problem(f"$.{secret}", f"is {secret}")], hint=secret),
        ):
            assert secret[2:40] not in shown(error)
            assert "(a seed)" in str(error)
    for public in (USER.public_key, ACCOUNT.public_key):
        assert public in str(UsageError(f"the key {public}"))
