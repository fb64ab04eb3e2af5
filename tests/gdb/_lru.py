"""Inside gdb: the lists of pages that could be given up, against /proc/meminfo of the same instant."""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _inside import done, expect, expect_equal, find, go_to, refusal, run, shown_by  # noqa: E402


def before_paging():
    go_to("*_start")
    expect("paging is still off" in (refusal("mm-lru") or ""), "before paging:", refusal("mm-lru"))


def sums():
    """What is walked is what is counted, and no page is on a list that its flags do not name."""
    proc = shown_by("meminfo_show")
    text = run("mm-lru")
    for name in ("Active(anon)", "Inactive(anon)", "Active(file)", "Inactive(file)"):
        shown = find(r"^%s: +(\d+) kB" % re.escape(name), proc)[0]
        expect_equal(find(r"\b%s (\d+) kB" % re.escape(name), text), (shown,), name)
    expect("counted as" not in text and "its flags say" not in text, text)
    return text


def lists(text):
    """What was read once is inactive, what was read twice active; the lines of a list are its pages."""
    expect(int(find(r"Active\(file\) (\d+) kB", text)[0]) >= 270, "read twice, but for a batch", text)
    expect(int(find(r"Inactive\(file\) (\d+) kB", text)[0]) >= 300, "read once", text)
    for name in ("inactive_anon", "active_file", "inactive_file"):
        pages = run("mm-lru " + name)
        counts = [int(n) for n in re.findall(r"^\S.* %s +(\d+) " % name, text, re.M)]
        expect_equal([int(n) for n in re.findall(r", (\d+) pages$", pages, re.M)], counts, name)
        lines = re.findall(r"^  0x[0-9a-f]+  age ([0-3])  count \d+  mapcount \d+  (.*)$", pages, re.M)
        expect_equal(len(lines), sum(min(n, 64) for n in counts), name)
        for _, flags in lines:
            expect("lru" in flags.split(), name, flags)
            expect_equal("active" in flags.split(), name.startswith("active"), f"{name}: {flags}")
            expect_equal("swapbacked" in flags.split(), name.endswith("anon"), f"{name}: {flags}")


def nonsense():
    for command in ("mm-lru 5", "mm-lru active_file 1", "mm-lru active"):
        said = refusal(command)
        expect(said and "\n" not in said and "Traceback" not in said, command, "said", said)


before_paging()
lists(sums())
nonsense()
done()
