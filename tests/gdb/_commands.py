"""Inside gdb: every command at three stops, checked against what /proc says at the same instant."""

import os
import re
import sys

import gdb

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _inside import (done, expect, expect_equal, find, go_to, in_ring_3, refusal, run, shown_by,  # noqa: E402
                     value, words)

ALL = ("mm-zones", "mm-buddy", "mm-buddy 3", "mm-page 0x200", "mm-tasks", "mm-slab", "mm-vmalloc", "mm-fixmap",
       "mm-kmap", "mm-vmas 1", "mm-percpu", "mm-percpu runqueues.curr")


def before_paging():
    """At _start: the walk and the GDT work, everything else says why it cannot."""
    go_to("*_start")
    expect_equal(value("$pc"), value("(unsigned long)&_start"), "stopped at _start")
    expect("paging is off" in run("mm-walk 0xc0100000"), "mm-walk before paging")
    expect(find(r"^GDTR base 0x[0-9a-f]{8} limit", run("mm-gdt")), "mm-gdt before paging")
    for command in ALL:
        expect("paging is still off" in (refusal(command) or ""), command, "before paging:", refusal(command))


def in_page_fault():
    """The first fault that comes from ring 3: all commands work, and the address lies in an area."""
    go_to("do_page_fault", "(regs->cs & 3) == 3")
    address = value("address")
    for command in ALL:
        expect(refusal(command) is None, command, "in do_page_fault:", refusal(command))
    walk = run(f"mm-walk {address:#x}")
    expect(indices(address) in walk, walk)
    areas = [(int(a, 16), int(b, 16)) for a, b in re.findall(r"^([0-9a-f]{8})-([0-9a-f]{8}) ", run("mm-vmas"), re.M)]
    expect(any(a <= address < b for a, b in areas), f"{address:#x} lies in an area", areas)
    walk = run("mm-walk &init_task")
    expect_equal(find(r"^physical 0x([0-9a-f]+)", walk), (f"{value('&init_task') - value('&_text') + text_start():08x}",),
                 "where init_task lies")
    way = levels(walk)
    expect_equal([name for name, _ in way], ["pgd", "pmd", "pte"] if three_levels() else ["pgd", "pte"], "the levels")
    expect(all(len(entry) == (16 if three_levels() else 8) for _, entry in way), walk)
    gdt = run("mm-gdt")
    for name in ("__KERNEL_CS", "__KERNEL_DS", "__USER_CS", "__USER_DS"):
        expect(find(name + r" +base 0x00000000 limit 0xffffffff DPL [03] ", gdt), name, gdt)
    expect("TSS32 busy" in gdt, "the task register's segment")
    expect(find(r"the last page +0xfffff000 not mapped", run("mm-fixmap")), "the last page")
    expect(find(r"^0 of \d+ windows in use", run("mm-kmap")), "mm-kmap")
    nonsense()


def three_levels():
    return gdb.lookup_type("pte_t").sizeof == 8


def indices(address):
    """What the walk says about an address: 10 + 10 bits and the offset, or 2 + 9 + 9."""
    if three_levels():
        return f"top 0x{address >> 30:x}, dir 0x{address >> 21 & 0x1ff:03x}, table 0x{address >> 12 & 0x1ff:03x}"
    return f"dir 0x{address >> 22:03x}, table 0x{address >> 12 & 0x3ff:03x}"


def levels(walk):
    """The tables on the way of a walk that arrived."""
    return re.findall(r"^(pgd|pmd|pte)\[[0-9a-f]+\] 0x([0-9a-f]+)  frame", walk, re.M)


def text_start():
    """Physical address of _text: the kernel is linked at PAGE_OFFSET plus where it is loaded."""
    return value("(unsigned long)&_text") & 0x0fffffff


def nonsense():
    """Wrong arguments are answered by one line."""
    for command in ("mm-walk", "mm-walk nosuchsymbol", "mm-page", "mm-page 0x7fffffff", "mm-buddy 11", "mm-vmas 9999",
                    "mm-slab no-such-cache", "mm-slab 0xc0100000"):
        said = refusal(command)
        expect(said and "\n" not in said and "Traceback" not in said, command, "said", said)


def same_as_proc():
    """Stops at the end of each show function: the figures are those that the reader will get."""
    proc = shown_by("buddyinfo_show")
    expect_equal(words(run("mm-buddy")), words(proc), "mm-buddy")

    proc = shown_by("zoneinfo_show")
    mine = run("mm-zones")
    for zone in re.split(r"^Node ", proc, flags=re.M)[1:]:
        name = find(r"^(\d+, zone +\S+)", zone)[0]
        block = find(rf"^(Node {name} .*(?:\n +.*)*)$", mine)
        if "spanned  0\n" in zone:
            expect(not block, name, "is empty but shown")
            continue
        for label, pattern in (("spanned", r"spanned (\d+)"), ("present", r"present (\d+)"), ("managed", r"managed (\d+)"),
                               ("pages free", r"free (\d+)"), ("min", r"min (\d+)"), ("low", r"low (\d+)"),
                               ("high", r"min.*high (\d+)")):
            expect_equal(find(pattern, block[0]), find(rf"{label} +(\d+)", zone), f"mm-zones {name} {label}")
        expect_equal(re.findall(r"cpu \d+ list: count (\d+) batch (\d+)", block[0]),
                     re.findall(r"cpu: \d+\n +count: +(\d+)\n(?:.*\n)*? +batch: +(\d+)", zone), f"mm-zones {name} lists")

    proc = words(shown_by("slabinfo_show"))
    mine = {line[0]: line for line in words(run("mm-slab"))[1:]}
    for line in proc[2:]:
        expect(line[0] in mine, "mm-slab shows", line[0])
        expect_equal(mine.get(line[0], [])[1:6], line[1:6], f"mm-slab {line[0]}")
    busy = max(proc[2:], key=lambda line: int(line[1]))
    one = run(f"mm-slab {busy[0]}")
    used = sum(int(n) for n in re.findall(r"in use (\d+)", one)) - \
        sum(int(n) for n in re.findall(r"cpu \d+: (\d+) at hand", one))
    expect_equal(used, int(busy[1]), f"objects counted in the slabs of {busy[0]}")
    expect("!" not in one, one)
    shown = run("mm-slab init_task.tasks.next")
    expect("of cache task_struct" in shown and "in use" in shown, shown)

    proc = words(shown_by("vmallocinfo_show"))
    mine = words(run("mm-vmalloc"))
    expect_equal([line[:2] for line in mine[:-1]], [line[:2] for line in proc], "mm-vmalloc")

    proc = words(shown_by("task_maps_show"))
    mine = words(run("mm-vmas"))
    expect_equal([line[:3] for line in mine[:-1]], [line[:3] for line in proc], "mm-vmas: addresses, rights, offsets")
    expect_equal([line[3:] for line in mine[:-1]], [line[5:] for line in proc], "mm-vmas: names")
    expect("map_count says" not in " ".join(mine[-1]), mine[-1])

    proc = shown_by("task_statm_show").split()
    me = [line for line in words(run("mm-tasks")) if line[0] == "*"]
    expect_equal(len(me), 1, "one task is running here")
    expect_equal(me[0][5:7], [str(int(proc[0]) * 4), str(int(proc[1]) * 4)], "mm-tasks: VSZ, RSS")
    pages_of_the_task(me[0])


def pages_of_the_task(line):
    """From an address of the task's struct to its frame, its page and its slab."""
    task = int(line[8], 16)
    physical = int(find(r"^physical 0x([0-9a-f]+)", run(f"mm-walk {task:#x}"))[0], 16)
    page = run(f"mm-page {task:#x}")
    expect(f"pfn 0x{physical >> 12:05x} " in page and "slab of cache task_struct" in page, page)
    expect_equal(run(f"mm-page 0x{physical >> 12:x}"), page, "by frame and by address")
    free = find(r"^Node 0, zone +Normal +(0x[0-9a-f]+)", "".join(run(f"mm-buddy {order}") for order in range(10, 0, -1)))[0]
    expect("first page of a block" in run(f"mm-page {free}"), "a free block's first page")
    expect("inside the block" in run(f"mm-page {int(free, 16) + 1:#x}"), "a free block's second page")


def in_a_program():
    """Ring 3: a breakpoint in a user program by its name; then into the kernel by int $0x80 and back."""
    program = os.path.join(os.environ["OCTAVO_BUILD"], "user/bin/brk")
    expect("symbols of" in run(f"user-symbols {program}"), "user-symbols")
    start = find(r"0x([0-9a-f]+) <_start>", run("info line *" + entry_of(program)) + run("x/i " + entry_of(program)))
    go_to("*" + entry_of(program), "($cs & 3) == 3")
    expect(in_ring_3() and start, "at the program's _start in ring 3")
    me = [line for line in words(run("mm-tasks")) if line[0] == "*"]
    expect(me and me[0][-1] == "brk", "the running task is brk:", me)
    expect("/bin/brk" in run("mm-vmas"), run("mm-vmas"))
    vdso = find(r"([0-9a-f]{8})-[0-9a-f]{8} r-xp [0-9a-f]+ \[vdso\]", run("mm-vmas"))
    expect(vdso and "symbols of" in run("user-symbols vdso"), "user-symbols vdso")
    expect("__kernel_vsyscall" in run("info line __kernel_vsyscall"), "the vDSO's symbols are known")
    expect("not mapped" in run("mm-walk $pc"), "its first page comes by the fault of the first instruction")
    for command in ALL:
        expect(refusal(command) is None, command, "in ring 3:", refusal(command))
    into_the_kernel_and_back()


def entry_of(program):
    with open(program, "rb") as file:
        header = file.read(28)
    return "0x%x" % int.from_bytes(header[24:28], "little")


def into_the_kernel_and_back():
    """The door in the vDSO, instruction by instruction."""
    go_to("main", "($cs & 3) == 3")
    walk = run("mm-walk $pc")
    expect(find(r"^pte\[[0-9a-f]{3}\].* P .*US", walk) and find(r"^physical 0x", walk), walk)
    go_to("*__kernel_vsyscall", "($cs & 3) == 3")
    for _ in range(8):
        if "sysenter" in run("x/i $pc"):
            break
        run("stepi")
    gate, stack, number = value("$pc"), value("$esp"), value("$eax")
    expect("sysenter" in run("x/i $pc"), run("x/i $pc"))
    run("stepi")
    expect(not in_ring_3(), "stepi over sysenter enters the kernel")
    expect("sysenter_entry" in run("info symbol $pc"), run("info symbol $pc"))
    expect_equal(value("$eax"), number, "the number arrives")
    steps = 1
    while not in_ring_3() and steps < 20000:
        run("stepi")
        steps += 1
    expect_equal((value("$pc"), value("$esp")), (gate + 4, stack), f"back behind int $0x80 after {steps} instructions")



before_paging()
in_page_fault()
same_as_proc()
in_a_program()
done()
