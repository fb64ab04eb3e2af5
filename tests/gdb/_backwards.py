"""Inside gdb, in a replay: time runs both ways, and each value has its writer."""

import os
import sys

import gdb

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _inside import done, expect, expect_equal, find, go_to, in_ring_3, run, value  # noqa: E402


def at_main_of_brk():
    run("add-symbol-file " + os.path.join(os.environ["OCTAVO_BUILD"], "user/bin/brk"))
    go_to("main", "($cs & 3) == 3")
    expect(in_ring_3(), "main of brk runs in ring 3")


def step_back_and_forth():
    """Three instructions back and three forward is where we were."""
    here = [value("$pc")]
    for _ in range(3):
        run("reverse-stepi")
        here.append(value("$pc"))
    expect(len(set(here)) == 4, "reverse-stepi moves:", [hex(a) for a in here])
    for expected in reversed(here[:-1]):
        run("stepi")
        expect_equal(value("$pc"), expected, "stepi after reverse-stepi")


def back_to_a_breakpoint():
    """The last time that the kernel prepared this program's entry lies before its main."""
    main = value("$pc")
    point = gdb.Breakpoint("load_elf_binary", internal=True)
    run("reverse-continue")
    expect("load_elf_binary" in run("info symbol $pc"), "reverse-continue reaches", run("info symbol $pc"))
    point.delete()
    go_to("main", "($cs & 3) == 3")
    expect_equal(value("$pc"), main, "and forward again")


def writer(expression):
    """=> name of the function that who-wrote found, the value it wrote, and the one that was there before"""
    said = run("who-wrote " + expression)
    match = find(r"was written by 0x[0-9a-f]+ ([a-z_0-9]+)", said)
    cell = find(r"^  0x([0-9a-f]+) -> 0x([0-9a-f]+)", said)
    expect(match and cell, "who-wrote", expression, "said", said)
    old, new = (int(v, 16) for v in cell or ("0", "0"))
    run("stepi")
    expect_equal(value(expression), new, "one instruction later it is there:")
    run("reverse-stepi")
    return (match or ("?",))[0], new, old


def who_wrote_a_pte():
    """The entry that maps the code we stand in was written by the page fault's code."""
    walk = run("mm-walk $pc")
    pde = int(find(r"^pgd\[[0-9a-f]+\] 0x([0-9a-f]+)", walk)[0], 16)
    index = int(find(r"^pte\[([0-9a-f]+)\]", walk)[0], 16)
    entry = int(find(r"^pte\[[0-9a-f]+\] 0x([0-9a-f]+)", walk)[0], 16)
    cell = value("(unsigned long)&_text") - (value("(unsigned long)&_text") & 0x0fffffff) + (pde & ~0xfff) + 4 * index
    name, new, old = writer(f"*(unsigned long *)0x{cell:x}")
    expect("mm/space/" in run("info line *$pc") or "mm/cache/" in run("info line *$pc") or
           "pgtable" in run("info line *$pc"), name, run("info line *$pc"))
    # The processor sets A and D itself; all else is as it was written.
    expect_equal(new & ~0x60, entry & ~0x60, "the page-table entry")
    expect_equal(old, 0, "before the fault it was empty:")


def who_wrote_a_list_head():
    """The list of processes was last changed by a fork or an exit."""
    last = value("(unsigned long)init_task.tasks.prev")
    name, new, old = writer("init_task.tasks.prev")
    expect_equal(new, last, "the list's end")
    expect(old != new, "the end of the list changed")
    trace = run("backtrace")
    expect(any(f in trace for f in ("copy_process", "do_fork", "release_task", "do_exit")), name, trace)


at_main_of_brk()
step_back_and_forth()
back_to_a_breakpoint()
who_wrote_a_pte()
go_to("main", "($cs & 3) == 3")
who_wrote_a_list_head()
done()
