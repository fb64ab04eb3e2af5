"""Inside gdb: two swap areas, against /proc/swaps of the same instant."""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _inside import done, expect, expect_equal, find, go_to, refusal, run, shown_by  # noqa: E402


def before_paging():
    go_to("*_start")
    expect("paging is still off" in (refusal("mm-swap") or ""), "before paging:", refusal("mm-swap"))


def areas():
    """As many, of the same sizes, as /proc/swaps has; the file in more than one piece, the disk in one."""
    proc = [line.split() for line in shown_by("swaps_show").splitlines()[1:]]
    text = run("mm-swap")
    lines = re.findall(r"^ *(\d+) +(-?\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+)  (\w+) +(/\S+)$", text, re.M)
    expect_equal([[line[8], int(line[2]) * 4, int(line[3]) * 4, int(line[1])] for line in lines],
                 [[words[0], int(words[2]), int(words[3]), int(words[4])] for words in proc], "areas")
    expect_equal([line[7] for line in lines], ["vda", "vdb"], "devices")
    expect_equal([int(line[6]) == 1 for line in lines], [False, True], "pieces")
    expect_equal([int(word) for word in find(r"^total (\d+) kB, free (\d+) kB", text)],
                 [sum(int(words[2]) for words in proc), sum(int(words[2]) - int(words[3]) for words in proc)], "sums")
    return sum(int(words[3]) for words in proc)


def swapped_pages():
    """=> PID and address of pages of programs that are in swap, by the page tables"""
    for pid in re.findall(r"^.  +(\d+) ", run("mm-tasks"), re.M):
        if refusal(f"mm-vmas {pid}"):
            continue            # a kernel thread
        for start, end in re.findall(r"^([0-9a-f]{8})-([0-9a-f]{8}) rw-p", run(f"mm-vmas {pid}"), re.M):
            for address in range(int(start, 16), min(int(end, 16), int(start, 16) + (256 << 12)), 4096):
                if "not mapped: swap entry" in run(f"mm-walk {address} {pid}"):
                    yield pid, address


def one_page():
    """From the entry that mm-walk shows to the sectors; the arithmetic of pgtable.h, once more."""
    found = 0
    for pid, address in swapped_pages():
        entry = int(find(r"^pte\[.*?\] (0x[0-9a-f]+)", run(f"mm-walk {address} {pid}"))[0], 16)
        text = run(f"mm-swap {pid} {address}")
        offset, number = entry >> 9, entry >> 2 & 31
        expect(f"type {number}, offset {offset}" in text, hex(entry), text)
        name, first, last = find(r"^device +(\w+), sectors (\d+) to (\d+)$", text)
        expect_equal(int(last) - int(first), 7, "sectors")
        expect_equal(name, ("vda", "vdb")[number], "the area's device")
        expect(number == 0 or int(first) == offset * 8, text)
        holders, entries = find(r"^held by +(\d+): (\d+) entries", text)
        expect(1 <= int(entries) <= int(holders) <= int(entries) + 1, text)
        expect((int(holders) > int(entries)) == ("cached   pfn" in text), text)
        found += 1
        if found == 8:
            return
    expect(found, "no page of a program is in swap")


def nonsense():
    for command in ("mm-swap 1", "mm-swap 99999 0", "mm-swap 1 2 3"):
        said = refusal(command)
        expect(said and "\n" not in said and "Traceback" not in said, command, "said", said)
    expect("not in swap" in run("mm-swap 1 0x1000"), run("mm-swap 1 0x1000"))


before_paging()
expect_equal(areas(), 0, "nothing is swapped")
expect(areas() > 0, "nothing is swapped, with more memory in use than there is")
one_page()
nonsense()
done()
