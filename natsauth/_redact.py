"""What may be shown of text in which a secret may stand by mistake."""

from __future__ import annotations

from re import compile as regex

# Seeds and private keys, damaged ones too. No public key has one inside; the hash that identifies
# a token may look like one by chance.
_IDENTITY = """(?<!"jti":")(?<!"jti": ")"""
_SECRETS = regex(f"(?<![A-Z2-7]){_IDENTITY}(?:S[ACNOUX][A-Z2-7]{{40,}}|P[A-Z2-7]{{50,}})").sub


def without_seeds(text: str) -> str:
    """Return the text with ``(a seed)`` in the place of each."""
    return _SECRETS("(a seed)", text)
