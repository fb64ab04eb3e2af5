"""Inside gdb: the page "Fork, and copy on write" of scripts/gdb/README.md, and the sums behind it."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _inside import done, expect, run  # noqa: E402
from _page import follow  # noqa: E402

expect("symbols of" in run("user-symbols " + os.path.join(os.environ["OCTAVO_BUILD"], "user/bin/life")), "user-symbols")
follow("Fork, and copy on write")
done()
