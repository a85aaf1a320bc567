from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from natsauth._redact import without_seeds
from tests._tokens import CURVE, SIGNERS

if TYPE_CHECKING:
    from natsauth.keys import KeyPair
    from natsauth.xkeys import CurveKeyPair

PAIRS: list[KeyPair | CurveKeyPair] = [*SIGNERS.values(), CURVE]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: str(pair.type))
def test_secrets_are_not_shown_and_public_keys_are(pair: KeyPair | CurveKeyPair) -> None:
    for secret in (pair.reveal_seed(), pair.reveal_seed()[:-5], pair.reveal_private_key()):
        for text in (secret, f"'{secret}'", f"$.{secret}: no", f"a {secret} b {secret}"):
            assert secret not in without_seeds(text)
            assert "(a seed)" in without_seeds(text)
    text = f"the key {pair.public_key} and 'S' and SUBJECT"
    assert without_seeds(text) == text


@pytest.mark.parametrize("colon", [":", ": "])
def test_the_identity_of_a_token_is_shown_whatever_it_looks_like(colon: str) -> None:
    looks_like_a_seed = f"SA{'A' * 50}"
    text = f'{{"jti"{colon}"{looks_like_a_seed}"}}'
    assert without_seeds(text) == text
    assert looks_like_a_seed not in without_seeds(text.replace("jti", "sub"))
