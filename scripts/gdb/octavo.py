"""Octavo's commands for gdb: `source scripts/gdb/octavo.py` (make gdb does).

Each module of the package beside this file defines a few commands; `help mm-`
followed by TAB lists them.  None of them runs code in the guest: everything is
read from its memory and registers, so they work at any stop, before paging is
on as well as inside a page fault or in ring 3.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import octavo.walk      # noqa: E402,F401  mm-walk
import octavo.machine   # noqa: E402,F401  mm-gdt, mm-fixmap, mm-kmap
import octavo.percpu    # noqa: E402,F401  mm-percpu, $cpu(), $current(), $per_cpu()
import octavo.phys      # noqa: E402,F401  mm-page, mm-zones, mm-buddy
import octavo.slab      # noqa: E402,F401  mm-slab, mm-vmalloc
import octavo.cache     # noqa: E402,F401  mm-cache, mm-buffers
import octavo.lru       # noqa: E402,F401  mm-lru
import octavo.rmap      # noqa: E402,F401  mm-rmap
import octavo.swap      # noqa: E402,F401  mm-swap
import octavo.space     # noqa: E402,F401  mm-tasks, mm-vmas
import octavo.locks     # noqa: E402,F401  mm-locks
import octavo.backwards # noqa: E402,F401  who-wrote
