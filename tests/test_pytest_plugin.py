from __future__ import annotations

import subprocess
import sys
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.metadata import EntryPoint

    from natsauth.testing import Sandbox

pytest_plugins = ["pytester"]

TABLE = dedent(
    """
    ORDERS = {"pub": {"allow": ["orders.>"]}}

    def test_grants(assert_grants):
        assert_grants({"alice": {"publish": {"orders.new": %s}}}, users={"alice": ORDERS})
    """
)


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """Make a project of somebody who takes every warning for an error."""
    pytester.makepyprojecttoml(
        """
        [tool.pytest.ini_options]
        filterwarnings = ["error"]
        asyncio_mode = "strict"
        asyncio_default_fixture_loop_scope = "function"
        """
    )
    return pytester


def test_pytest_finds_the_plugin_by_itself(pytestconfig: pytest.Config) -> None:
    from importlib.metadata import entry_points

    found: list[EntryPoint] = [*entry_points(group="pytest11", name="natsauth")]
    assert [point.value for point in found] == ["natsauth.pytest_plugin"]
    assert pytestconfig.pluginmanager.has_plugin("natsauth")
    assert pytestconfig.getoption("nats_live") is False


def test_it_costs_nothing_until_it_is_used() -> None:
    code = (
        "import sys, pytest; before = {*sys.modules}; import natsauth.pytest_plugin\n"
        "print(*sorted({*sys.modules} - before))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.split() == ["natsauth", "natsauth.pytest_plugin"]


@pytest.mark.live
def test_the_sandbox_of_a_test_runs(nats_sandbox: Sandbox, nats_sandbox_session: Sandbox) -> None:
    assert "Server is ready" in nats_sandbox.log
    assert nats_sandbox.url != nats_sandbox_session.url


@pytest.mark.live
def test_a_table_names_users_of_the_sandbox(
    nats_sandbox: Sandbox, assert_grants: Callable[..., None]
) -> None:
    nats_sandbox.add_user("alice", {"pub": {"allow": ["a"]}})
    for live in (False, True):
        assert_grants({"alice": {"publish": {"a": True, "b": False}}}, live=live)
        with pytest.raises(AssertionError, match="1 of 1 grants"):
            assert_grants({"alice": {"publish": {"b": True}}}, live=live)


def test_lint_is_a_fixture_too(assert_lint_clean: Callable[..., None]) -> None:
    with pytest.raises(AssertionError, match="final_star"):
        assert_lint_clean({"sub": {"allow": ["orders.*"]}})


@pytest.mark.parametrize("options", [(), pytest.param(("--nats-live",), marks=pytest.mark.live)])
def test_a_table_passes_and_fails_with_the_rule(
    suite: pytest.Pytester, options: tuple[str, ...]
) -> None:
    suite.makepyfile(TABLE % "True")
    suite.runpytest_subprocess(*options).assert_outcomes(passed=1)
    suite.makepyfile(TABLE % "False")
    failed = suite.runpytest_subprocess(*options)
    failed.assert_outcomes(failed=1)
    failed.stdout.fnmatch_lines(
        [
            "E *AssertionError: 1 of 1 grants are not as expected",
            "E *alice  publish  * orders.new *False * allow*",
            "E *Publishing to 'orders.new' is allowed by 'orders.>' ($.nats.pub.allow[[]0]). To *",
        ]
    )
    failed.stdout.no_fnmatch_line("*def assert_grants*")  # the traceback ends in the test


KIT_FAILS = """
    import unittest
    import pytest
    from natsauth.testing import Sandbox, assert_grants, expect_denied

    ORDERS = {"pub": {"allow": ["orders.>"]}}

    def test_fixture(assert_grants):
        assert_grants({"x": {"publsh": {}}}, users={"x": ORDERS})  # line

    def test_function():
        assert_grants({"x": {"publish": {"a": True}}}, users={"x": {"pub": {"alow": []}}})  # line

    class TestCase(unittest.TestCase):
        def test_method(self):
            assert_grants({"x": {"publish": {"orders.new": False}}}, users={"x": ORDERS})  # line

    def test_nobody():
        assert_grants({"x": {}}, sandbox=Sandbox())  # line

    def test_binary():
        with Sandbox(binary="./none"):  # line
            pass

    @pytest.fixture
    def broken():
        with Sandbox(config="bogus: 1") as sandbox:  # line
            yield sandbox

    def test_setup(broken):
        pass

    @pytest.mark.asyncio
    async def test_revoked(nats_sandbox):
        nats_sandbox.add_user("alice")
        nats_sandbox.account.users["alice"].revoke()
        nats_sandbox.commit()
        async with nats_sandbox.connect("alice"):  # line
            pass

    @pytest.mark.asyncio
    async def test_not_refused(nats_sandbox):
        nats_sandbox.add_user("alice")
        async with nats_sandbox.connect("alice") as client:
            async with expect_denied(client, "a"):  # line
                pass
"""


@pytest.mark.slow
@pytest.mark.live
def test_a_traceback_ends_in_the_test(suite: pytest.Pytester) -> None:
    suite.makepyfile(dedent(KIT_FAILS))
    result = suite.runpytest_subprocess()
    result.assert_outcomes(failed=7, errors=1)
    shown = result.stdout.str()
    blamed = [line for line in result.outlines if line.startswith(">")]
    assert len(blamed) == 8
    assert all(line.endswith("# line") for line in blamed)
    assert "natsauth/testing" not in shown
    assert "contextlib" not in shown
    assert "Authorization Violation" in shown
    whole = suite.runpytest_subprocess("--full-trace", "-k", "test_fixture")
    whole.stdout.fnmatch_lines(["*testing*_grants.py*"])


def test_an_assertion_of_ones_own_keeps_its_traceback(suite: pytest.Pytester) -> None:
    """Even if it is the kit that calls what fails."""
    suite.makepyfile(
        """
        from collections.abc import Mapping

        class Users(dict):
            def __getitem__(self, name):
                assert name == "mine"

        def test_it(assert_grants):
            assert_grants({"x": {}}, users=Users(x={}))
        """
    )
    result = suite.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(['> *assert name == "mine"'])


@pytest.mark.slow
@pytest.mark.live
def test_live_asks_the_sandbox_of_the_test(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import pytest

        TABLE = {"bob": {"publish": {"a": True}}}

        @pytest.mark.parametrize("name", ["nats_sandbox", "nats_sandbox_session"])
        def test_agreement(request, name):
            request.getfixturevalue(name).add_user("bob", {"pub": {"allow": ["a"]}})
            request.getfixturevalue("assert_grants")(
                TABLE, sandbox=request.getfixturevalue(name)
            )

        def test_disagreement(nats_sandbox, assert_grants):
            nats_sandbox.add_user("bob", {"pub": {"allow": ["a"]}})
            nats_sandbox.account.users["bob"].revoke()
            nats_sandbox.commit()
            nats_sandbox.account.claims.nats.revocations = None
            nats_sandbox.authority.commit()  # which the server is not told
            assert_grants(TABLE)
        """
    )
    suite.runpytest_subprocess().assert_outcomes(passed=3)
    suite.runpytest_subprocess("--nats-live").assert_outcomes(passed=2, failed=1)


@pytest.mark.slow
@pytest.mark.live
def test_sandboxes_of_a_session_are_parallel(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import asyncio, pytest

        @pytest.mark.parametrize("number", range(8))
        def test_own(nats_sandbox_session, number):
            creds = nats_sandbox_session.add_user(f"user{number}")

            async def use():
                async with nats_sandbox_session.connect(creds) as client:
                    await client.flush()

            asyncio.run(use())
        """
    )
    suite.runpytest_subprocess("-n2").assert_outcomes(passed=8)


@pytest.mark.slow
@pytest.mark.live
def test_it_lives_with_pytest_asyncio(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import pytest
        from natsauth.testing import expect_denied

        @pytest.mark.asyncio
        async def test_it(nats_sandbox, assert_grants):
            nats_sandbox.add_user("alice", {"pub": {"allow": ["a"]}})
            async with nats_sandbox.connect("alice") as client:
                async with expect_denied(client, "b"):
                    await client.publish("b")
            assert_grants({"alice": {"publish": {"b": False}}})
        """
    )
    suite.runpytest_subprocess("--nats-live").assert_outcomes(passed=1)
