"""The fuzz targets, fed by Hypothesis, and with what was found before."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests._tokens import FULL, SIGNERS, full
from tests._vectors import SPEC, records
from tests.fuzz.targets import TARGETS

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

SEEDS = {
    "decode": [row["token"] for row in SPEC["decode"] + SPEC["decode_v1"] + SPEC["jwtjs_tokens"]],
    "payload": [row["payload"] for row in SPEC["decode"] + SPEC["decode_v1"] + SPEC["encode_v2"]],
    "header": ['{"typ":"JWT","alg":"ed25519-nkey"}', '{"typ":"jwt","alg":"ed25519"}'],
    "claims": [full(kind).to_json() for kind in FULL],
    "json": [json.dumps(row) for row in SPEC["renaming"]],
    "keys": [row[form] for row in SPEC["keys"] for form in ("seed", "public", "private")],
    "sealed": [bytes.fromhex(row["sealed_hex"]).decode("latin-1") for row in SPEC["xkeys"]],
}
# Pieces that mean something somewhere.
PIECES = [
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b",",
        b'"',
        b"\\",
        b".",
        b"-",
        b"0",
        b"1e999",
        b"9" * 400,
        b"null",
    ),
    *(
        b"[" * 600,
        b'{"a":' * 600,
        b'"\\ud800":1,"\\udc00":2,',
        b'"Type":',
        b'"type":"user",',
        b"\xff",
    ),
    *(b'"type":', b'"version":', b'"nats":{', b'"SUB":', b"true", b'"user_scope"', b'"x":1,', b" "),
    *(signer.public_key.encode() for signer in SIGNERS.values()),
]


@st.composite
def spoiled(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """Draw a good input in which a few places were overwritten."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = start + draw(st.integers(0, 12))
        data = data[:start] + draw(st.sampled_from(PIECES) | st.binary(max_size=6)) + data[end:]
    return data


def inputs(name: str) -> SearchStrategy[bytes]:
    """Return the strategy of the inputs of a target."""
    coding = "latin-1" if name == "sealed" else "utf-8"
    seeds = [seed.encode(coding, "surrogatepass") for seed in SEEDS[name]]
    soup = st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join)
    return spoiled(seeds) | soup | st.binary(max_size=200)


def test_every_target_has_seeds() -> None:
    assert SEEDS.keys() == TARGETS.keys()
    for name, seeds in SEEDS.items():
        for seed in seeds:
            TARGETS[name](seed.encode("latin-1" if name == "sealed" else "utf-8", "surrogatepass"))


@pytest.mark.parametrize("record", records("found.jsonl"), ids=lambda record: record["note"])
def test_what_was_found_is_not_found_again(record: dict[str, Any]) -> None:
    TARGETS[record["target"]](b64decode(record["data"]))


@pytest.mark.parametrize("name", TARGETS)
def test_a_short_run_finds_nothing(name: str) -> None:
    run(name, 100)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("name", TARGETS)
def test_a_long_run_finds_nothing(name: str) -> None:
    run(name, 10_000)


def run(name: str, count: int) -> None:
    """Feed a target with many inputs."""

    @settings(max_examples=count, suppress_health_check=list(HealthCheck))
    @given(inputs(name))
    def feed(data: bytes) -> None:
        TARGETS[name](data)

    feed()
