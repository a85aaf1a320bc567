"""The top level: what it offers, and how little it costs."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import natsauth
from natsauth import claims

ROOT = Path(__file__).parent.parent
STUB = ROOT / "natsauth/__init__.pyi"
PUBLIC: list[str] = vars(natsauth)["__all__"]
TABLE: dict[str, str] = vars(natsauth)["_HOMES"]

PROMISED = {
    *("KeyPair", "KeyType", "PublicKey", "CurveKeyPair", "parse_claims", "encode", "decode"),
    *("prepare", "validate", "Token", "Creds", "encode_user", "__version__"),
    *("OperatorClaims", "AccountClaims", "UserClaims", "ActivationClaims", "GenericClaims"),
    *("AuthorizationRequestClaims", "AuthorizationResponseClaims", "NatsAuthError"),
}
COSTLY = {"asyncio", "click", "ipaddress", "nats", "nkeys", "rich", "socket", "ssl", "subprocess"}


def loaded_by(code: str) -> set[str]:
    """Return the modules that code loads in a new interpreter, beyond what starting it does."""
    program = (
        "import json, sys; before = set(sys.modules)\n"
        f"{code}\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{program}"],
        capture_output=True,
        check=True,
    )
    return set(json.loads(done.stdout))


def test_importing_it_loads_nothing_else() -> None:
    assert loaded_by("import natsauth; natsauth.__version__, dir(natsauth)") == {"natsauth"}


def test_all_names_together_load_no_network_and_no_command_line() -> None:
    loaded = loaded_by("import natsauth\nfor name in natsauth.__all__: getattr(natsauth, name)")
    assert set(TABLE.values()) <= loaded
    assert loaded & COSTLY == set()
    assert loaded.isdisjoint({"natsauth.cli", "natsauth.demo", "natsauth.resolver"})


def test_one_name_loads_no_more_than_it_needs() -> None:
    loaded = loaded_by("from natsauth import NatsAuthError")
    assert {name for name in loaded if name.startswith(("natsauth", "nacl"))} == {
        "natsauth",
        "natsauth._redact",
        "natsauth.errors",
    }


@pytest.mark.parametrize("name", sorted(TABLE))
def test_every_name_is_that_of_its_module(name: str) -> None:
    home = import_module(TABLE[name])
    assert getattr(natsauth, name) is getattr(home, name)
    assert getattr(home, name).__module__.startswith(TABLE[name])


def test_the_stub_says_what_the_table_says() -> None:
    shown: dict[str, str] = {}
    for statement in ast.parse(STUB.read_text("utf-8")).body:
        if isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                assert alias.asname == alias.name  # without it a checker sees no public name
                assert alias.name not in shown
                shown[alias.name] = str(statement.module)
        else:
            assert ast.unparse(statement) == "__version__: str"
    assert shown == TABLE


def test_every_promised_name_is_public() -> None:
    classes = {name for name in claims.__all__ if isinstance(getattr(claims, name), type)}
    assert set(PUBLIC) >= PROMISED | classes
    assert len(PUBLIC) == len(set(PUBLIC))
    assert {name for name in PUBLIC if name.startswith("_")} == {"__version__"}


def test_a_star_gives_all_of_them() -> None:
    names: dict[str, object] = {}
    exec("from natsauth import *", names)  # noqa: S102 - the statement is what is tested
    assert set(PUBLIC) <= set(names)
    assert names["KeyPair"] is natsauth.KeyPair


def test_names_show_before_they_are_loaded() -> None:
    code = "import natsauth; assert set(natsauth.__all__) <= set(dir(natsauth))"
    assert loaded_by(code) == {"natsauth"}
    assert {"demo_", "_HOMES", *PUBLIC} - set(dir(natsauth)) == {"demo_"}


def test_a_name_stays_loaded() -> None:
    vars(natsauth).pop("encode_user", None)
    assert natsauth.encode_user is vars(natsauth)["encode_user"]


def test_other_names_are_errors_with_a_suggestion() -> None:
    with pytest.raises(AttributeError, match="module 'natsauth' has no attribute 'encodeuser'"):
        _ = natsauth.encodeuser  # type: ignore[attr-defined]
    with pytest.raises(ImportError, match="cannot import name 'Keypair' from 'natsauth'"):
        from natsauth import Keypair  # type: ignore[attr-defined]  # noqa: F401
    done = subprocess.run(
        [sys.executable, "-c", "import natsauth; natsauth.encodeuser"],
        capture_output=True,
        check=False,
        cwd=ROOT,
    )
    assert b"Did you mean: 'encode_user'?" in done.stderr


def test_the_version_is_that_of_the_distribution() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert natsauth.__version__ == project["version"]
