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
    expect_equal(find(r"^total (\d+) kB, free (\d+) kB", text),
                 (str(sum(int(words[2]) for words in proc)),) * 2, "nothing is swapped")


def nonsense():
    for command in ("mm-swap 1", "mm-swap 99999 0", "mm-swap 1 2 3"):
        said = refusal(command)
        expect(said and "\n" not in said and "Traceback" not in said, command, "said", said)
    expect("not in swap" in run("mm-swap 1 0x1000"), run("mm-swap 1 0x1000"))


before_paging()
areas()
nonsense()
done()
