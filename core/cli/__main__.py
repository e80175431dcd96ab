"""``python -m core.cli`` is ``colophon``."""

import sys

from core.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    sys.exit(main())
