"""Inside gdb: the commands of the tour's page on several processors, and what they are said to show."""

import os
import sys

import gdb

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _inside import done, expect, expect_equal, find, in_ring_3, run, value, words  # noqa: E402

OURS = '$_streq($current()->comm, "fight")'


def stop_at(place, condition):
    """`hbreak` with the condition, `continue`: => True if it stopped there"""
    run(f"hbreak {place} if {condition}")
    run("continue")
    run("delete")
    return place in run("backtrace 3")


def line_of(file, text):
    """=> the number of the one line of `file` that contains `text`"""
    with open(os.path.join(os.path.dirname(__file__), "../..", file), encoding="utf-8") as source:
        numbers = [n for n, line in enumerate(source, 1) if text in line]
    expect_equal(len(numbers), 1, f"lines of {file} with {text}")
    return numbers[0]


def many_in_a_fault():
    """Each processor that finds the directory's entry empty comes by __pte_alloc."""
    expect(stop_at("fighter", "($cs & 3) == 3"), "stopped in the program:", run("backtrace 1"))
    seen = set()
    for _ in range(100):            # until all have begun
        expect(stop_at("__pte_alloc", OURS), "stopped in __pte_alloc:", run("backtrace 3"))
        shown = run("info threads")
        expect(find(rf"^\* {value('$cpu()') + 1} .*CPU#{value('$cpu()')}.* __pte_alloc ", shown), shown)
        seen.add(value("$cpu()"))
        if len(seen) == 4:
            break
    expect_equal(len(seen), 4, "processors seen in __pte_alloc")
    locks = run("mm-locks")
    expect(find(r"^rwsem +mm of fight/\d+->mmap_sem +0x[0-9a-f]+ +taken by [1-4] readers?", locks), locks)
    running = {line[8]: line[0] for line in words(run("mm-tasks")) if line[-1] == "fight" and line[0] in "*+"}
    expect(len(running) > 1 and list(running.values()).count("*") == 1, "mm-tasks marks them:", running)


def one_has_it():
    """It holds page_table_lock, the entry is still empty. => the number of a thread that will want it, too"""
    line = line_of("mm/phys/pgalloc.c", "mm->nr_ptes++;")
    for _ in range(100):
        run(f"hbreak pgalloc.c:{line} if {OURS}")
        run("continue")
        run("delete")
        here = value("$cpu()") + 1
        # All have come to this round, and a fighter in ring 3 has its write before it.
        others = [t for t in range(1, 5) if t != here and wants_it(t)]
        run(f"thread {here}")
        if others:
            break
    expect(others, "another thread of the program in ring 3")
    walk = run("mm-walk $cr2")
    expect("not mapped: the directory entry is not present" in walk, walk)
    locks = run("mm-locks")
    expect(find(r"^spinlock mm of fight/\d+->page_table_lock +0x([0-9a-f]+) +taken", locks), locks)
    return others[0]


def wants_it(thread):
    run(f"thread {thread}")
    return in_ring_3() and bool(value(OURS))


def another_spins(thread):
    """Only that one runs: it draws a number and waits."""
    run("set scheduler-locking on")
    run(f"thread {thread}")
    expect(stop_at("__spin_lock_slow", "lock == &$current()->mm->page_table_lock"), run("backtrace 3"))
    run("set scheduler-locking off")
    expect_equal(value("$cpu()") + 1, thread, "the one that ran")
    lock, locks = value("lock"), run("mm-locks")
    expect(find(rf"^cpu {thread - 1}: fight/\d+ spins for mm of fight/\d+->page_table_lock, asked for at \w+", locks),
           locks)
    taken = find(r"^spinlock mm of fight/\d+->page_table_lock +0x([0-9a-f]+) +taken, (\d) wait$", locks)
    expect(taken and int(taken[0], 16) == lock, locks)
    word = value(f"((spinlock_t *){lock:#x})->slock")
    drawn = (word >> 8 & 0xff) - (word & 0xff) & 0xff
    expect_equal(int(taken[1]) if taken else None, drawn - 1, f"numbers drawn: {word:#x}")


def the_loser():
    """Who came second finds the table there, and gives its own page back."""
    line = line_of("mm/phys/pgalloc.c", "pte_free(mm, new);")
    run(f"hbreak pgalloc.c:{line} if {OURS}")
    run("continue")
    run("delete")
    expect("__pte_alloc" in run("backtrace 3"), run("backtrace 3"))
    walk = run("mm-walk $cr2")
    table = find(r"^pgd\[[0-9a-f]+\] 0x[0-9a-f]+  frame 0x([0-9a-f]+)  P", walk)
    expect(table, "the entry is there now:", walk)
    page = find(r"pfn 0x([0-9a-f]+)", run("mm-page pte"))
    expect(page and table and page[0] != table[0], "and leads to another page than the loser's:", page, table)


expect("symbols of" in run("user-symbols " + os.path.join(os.environ["OCTAVO_BUILD"], "user/bin/fight")), "user-symbols")
many_in_a_fault()
another_spins(one_has_it())
the_loser()
done()
