"""The command line: one module for each noun."""

from natsauth.cli.main import main

__all__ = ["main"]
