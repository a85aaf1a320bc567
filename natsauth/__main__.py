"""The command ``natsauth``, and ``python -m natsauth``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line, or say what is missing for it."""
    try:
        from natsauth.cli import main as command_line
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        hint = 'python -m pip install "natsauth[cli]"'
        sys.exit(f"natsauth: the command line needs click\nhint: {hint}")
    command_line()


if __name__ == "__main__":
    main()
