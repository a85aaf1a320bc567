"""Where the tokens, seeds and creds of operators are kept."""

from natsauth.store.base import Store

__all__ = ["Store"]
