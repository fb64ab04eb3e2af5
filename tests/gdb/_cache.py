"""Inside gdb: the caches of a machine with a file system on a disk, against /proc/meminfo of the same instant."""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _inside import done, expect, expect_equal, find, go_to, refusal, run, shown_by  # noqa: E402


def before_paging():
    go_to("*_start")
    for command in ("mm-cache", "mm-buffers"):
        expect("paging is still off" in (refusal(command) or ""), command, "before paging:", refusal(command))


def sums():
    """What is walked is what is counted."""
    proc = shown_by("meminfo_show")
    shown = {name: int(find(rf"^{name}: +(\d+) kB", proc)[0]) for name in ("Cached", "Buffers", "Dirty")}
    walked = find(r"^Cached (\d+) kB, Buffers (\d+) kB, Dirty (\d+) kB", run("mm-cache"))
    expect_equal([int(n) for n in walked or ()], list(shown.values()), "mm-cache: Cached, Buffers, Dirty")
    expect_equal(find(r"^Buffers (\d+) kB", run("mm-buffers")), (str(shown["Buffers"]),), "mm-buffers: Buffers")
    expect(shown["Buffers"] > 0 and shown["Dirty"] >= 20, proc)


def files():
    """One that is on the disk, one that is not yet."""
    text = run("mm-cache /m/file")
    expect(find(r"^/m/file: inode \d+ at 0x[0-9a-f]+, 102400 bytes, 25 pages in memory, 0 dirty$", text), text)
    blocks = [int(n) for first, last in re.findall(r"blocks.*? (\d+)-(\d+)", text) for n in range(int(first), int(last) + 1)]
    expect(len(blocks) > 90 and len(set(blocks)) == len(blocks), "blocks of its buffers", text)
    expect("uptodate" in text and " dirty" not in text.split("\n", 1)[1], text)
    text = run("mm-cache /m/new")
    expect(find(r"^/m/new: .* 20480 bytes, 5 pages in memory, 5 dirty$", text), text)
    expect_equal(len(re.findall(r"^  \d.*\bdirty\b.*\bprivate\b", text, re.M)), 5, "its pages have buffers and are dirty")
    expect_equal(run("mm-cache (struct inode *)%s" % find(r"at (0x[0-9a-f]+)", text)[0]), text, "by name and by inode")


def devices():
    """The device's pages by mm-cache, its blocks by mm-buffers."""
    line = find(r"^vda +(\d+) +(0x[0-9a-f]+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+)$", run("mm-buffers"))
    expect(line, "mm-buffers shows vda:", run("mm-buffers"))
    openers, holder, size, pages, blocks, dirty, locked, used = (int(word, 0) for word in line)
    expect((openers, size, locked) == (1, 1024, 0) and holder and used > 0, line)
    text = run("mm-buffers vda")
    expect_equal(len(text.splitlines()), pages, "a line for each page")
    found = re.findall(r"(\d+):([udlmn-]+)(\d*)", text)
    expect_equal(len(found), blocks, "blocks")
    expect_equal(sum("d" in letters for _, letters, _ in found), dirty, "dirty ones")
    expect_equal(sum(bool(count) for _, _, count in found), used, "used ones")
    expect_equal(find(r"(\d+) pages in memory", run("mm-cache /dev/vda")), (str(pages),), "mm-cache /dev/vda")


def nonsense():
    for command in ("mm-cache /no/such", "mm-cache 5", "mm-buffers hdz"):
        said = refusal(command)
        expect(said and "\n" not in said and "Traceback" not in said, command, "said", said)


before_paging()
sums()
files()
devices()
nonsense()
done()
