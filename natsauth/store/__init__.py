"""Where the tokens, seeds and creds of operators are kept."""

from natsauth.store.base import Store
from natsauth.store.directory import DirectoryStore
from natsauth.store.locations import Context, Locations
from natsauth.store.memory import MemoryStore

__all__ = ["Context", "DirectoryStore", "Locations", "MemoryStore", "Store"]
