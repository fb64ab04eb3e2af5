"""Inside gdb: the table "The life of a mapping" of mm/space/README.md, walked from its first line to its last."""

import os
import re
import sys

import gdb

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _inside import done, expect, in_ring_3, run  # noqa: E402

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
CHAPTER = os.path.join(TOP, "mm/space/README.md")
OURS = '$_streq($current()->comm, "life")'


def table():
    """=> rows of (step, function of the program or "", functions from the outermost on, paths)"""
    rows = []
    with open(CHAPTER, encoding="utf-8") as chapter:
        for line in chapter:
            cells = [c.strip() for c in line.strip().strip("|").split("|")]
            if len(cells) == 4 and " > " in cells[2]:
                rows.append((cells[0], cells[1].strip("`"), re.findall(r"`(\w+)`", cells[2]),
                             re.findall(r"\]\(([^)]+)\)", cells[3])))
    return rows


def stop_at(place, condition):
    point = gdb.Breakpoint(place, type=gdb.BP_HARDWARE_BREAKPOINT, internal=True)
    point.silent = True
    point.condition = condition
    run("continue")
    point.delete()


def inlined():
    """=> functions that are part of others here, the innermost first: at their first instruction gdb shows
    the frame of who calls them"""
    names, block = [], gdb.block_for_pc(gdb.newest_frame().pc())
    while block is not None and not block.is_static:
        if block.function:
            names.append(block.function.name)
        block = block.superblock
    return names


def functions():
    """=> names of the frames, the innermost first"""
    names, frame = inlined(), gdb.newest_frame()
    while frame is not None and len(names) < 24:
        names.append(frame.name() or "?")
        try:
            frame = frame.older()
        except gdb.error:
            break                       # the registers of ring 3 are no frame
    return names


def defined_in(name, paths):
    """Does one of the files define the function, or the assembler's label?"""
    for path in paths:
        with open(os.path.join(os.path.dirname(CHAPTER), path), encoding="utf-8") as source:
            if re.search(rf"^[a-z][^;]*\b{name}\(", source.read(), re.M):
                return True
    return False


def walk(step, start, way, paths):
    if start:
        stop_at(start, "($cs & 3) == 3")
        expect(in_ring_3() and functions()[0] == start, step, "not in", start, functions())
    stop_at(way[-1], OURS)
    seen = functions()
    # The compiler may have put the first instruction of a function that is part of another before it.
    wanted, position = list(reversed(way)), 0
    if wanted[0] not in seen:
        wanted = wanted[1:]
    for name in wanted:
        expect(name in seen[position:], f"{step}: {name} is not on the way:", seen)
        position = seen.index(name, position) + 1 if name in seen[position:] else position
    for name in way:
        expect(defined_in(name, paths), f"{step}: {name} is in none of", paths)


rows = table()
expect(len(rows) > 15, "rows of the table:", len(rows))
expect("symbols of" in run("user-symbols " + os.path.join(os.environ["OCTAVO_BUILD"], "user/bin/life")), "user-symbols")
for row in rows:
    walk(*row)
done()
