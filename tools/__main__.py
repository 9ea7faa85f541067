"""`python -m tools`: see tools/command.py."""

from __future__ import annotations

import sys
from pathlib import Path

LAYER = Path(__file__).resolve().parent.parent / "layers" / "countersign"

if __name__ == "__main__":
    sys.path.insert(0, str(LAYER))  # from a clone the package is not installed
    from tools.command import main

    sys.exit(main(sys.argv[1:]))
