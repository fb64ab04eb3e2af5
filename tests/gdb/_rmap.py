"""Inside gdb: pages of all processes, from the entry to the frame (mm-walk) and back (mm-rmap)."""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _inside import done, expect, go_to, refusal, run, shown_by  # noqa: E402

PER_AREA = 3        # pages looked at


def before_paging():
    go_to("*_start")
    expect("paging is still off" in (refusal("mm-rmap 1") or ""), "before paging:", refusal("mm-rmap 1"))


def pages():
    """=> (pid, address, pfn) of some pages of each area of each process"""
    for pid in re.findall(r"^[ *+] +(\d+) +\d+ \w +\d+ +[1-9]\d* ", run("mm-tasks"), re.M):
        for start, end in re.findall(r"^ *(?:0x)?([0-9a-f]{8})-(?:0x)?([0-9a-f]{8})", run(f"mm-vmas {pid}"), re.M):
            first, last = int(start, 16), int(end, 16)
            for address in range(first, min(last, first + PER_AREA * 4096), 4096):
                physical = re.search(r"^physical 0x([0-9a-f]+)$", run(f"mm-walk {address:#x} {pid}"), re.M)
                if physical:
                    yield int(pid), address, int(physical.group(1), 16) >> 12


def there_and_back():
    seen = {"anonymous": 0, "of a file": 0}
    shared = 0
    for pid, address, pfn in pages():
        text = run(f"mm-rmap {pfn:#x}")
        kind = next((word for word in seen if word in text), None)
        if kind is None:
            continue            # the kernel's own: [vdso], zeros
        seen[kind] += 1
        lines = re.findall(r"^ +(\d+) .*0x([0-9a-f]{8})  0x[0-9a-f]+  maps it$", text, re.M)
        expect((pid, address) in [(int(p), int(a, 16)) for p, a in lines], f"{pid} {address:#x}:", text)
        counts = re.search(r"^entries (\d+), mapcount (\d+)$", text, re.M)
        expect(counts and counts.group(1) == counts.group(2) == str(len(lines)), text)
        shared += kind == "anonymous" and len(lines) > 1
    expect(seen["anonymous"] > 3 and seen["of a file"] > 3, seen)
    expect(shared > 0, "no anonymous page of more than one process, after fork")


def nonsense():
    for command in ("mm-rmap", "mm-rmap 0xfffff0", "mm-rmap 1 2"):
        said = refusal(command)
        expect(said and "\n" not in said and "Traceback" not in said, command, "said", said)


before_paging()
shown_by("swaps_show")
there_and_back()
nonsense()
done()
