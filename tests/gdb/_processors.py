"""Inside gdb, four processors: what `thread N` chooses, and what each has for itself."""

import os
import re
import sys

import gdb

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _inside import done, expect, expect_equal, find, go_to, refusal, run, value, words  # noqa: E402

CPUS = range(4)


def before_they_run():
    """At start_kernel one processor has paging on; the others have nothing to show."""
    go_to("*_start")
    expect_equal(len(gdb.selected_inferior().threads()), len(CPUS), "threads")
    go_to("start_kernel")
    run("thread 3")
    for command in ("mm-tasks", "mm-percpu"):
        expect("paging is still off" in (refusal(command) or ""), command, refusal(command))
    expect(find(r"^GDTR base", run("mm-gdt")), "mm-gdt of a processor in real mode")
    run("thread 1")


def threads():
    """info threads names the processors; each knows its number, its task, its tables."""
    go_to("do_page_fault", "(regs->cs & 3) == 3")
    shown = run("info threads")
    for cpu in CPUS:
        expect(f"CPU#{cpu}" in shown, f"CPU#{cpu} in info threads:", shown)
    faulting = value("$cpu()")
    tables, running = set(), []
    for cpu in CPUS:
        run(f"thread {cpu + 1}")
        expect_equal(value("$cpu()"), cpu, f"$cpu() of thread {cpu + 1}")
        expect_equal(value("$per_cpu(\"cpu_number\")"), cpu, "cpu_number of the selected one")
        expect_equal(value("$current()"), value(f"$per_cpu(\"runqueues\", {cpu}).curr"), f"current of cpu {cpu}")
        mine = [line for line in words(run("mm-tasks")) if line[0] == "*"]
        expect_equal([int(line[8], 16) for line in mine], [value("$current()")], "mm-tasks marks current")
        expect_equal(int(mine[0][4]), cpu, "the processor of that task")
        running.append(mine[0][8])
        gdt = run("mm-gdt")
        tables.add(find(r"^GDTR base (0x[0-9a-f]+)", gdt))
        tss = find(r"^TSS  of cpu (\d): esp0 0x([0-9a-f]+), the kernel stack of ([^ ]+)/(\d+)$", gdt)
        expect(tss and int(tss[0]) == cpu, gdt)
        if cpu == faulting:
            expect_equal(tss[2:], (mine[0][-1], mine[0][1]), "esp0 is the stack of who entered by it")
    expect_equal(len(tables), len(CPUS), "each has its own GDT")
    expect_equal(len(set(running)), len(CPUS), "no task runs twice")
    marks = [line[8] for line in words(run("mm-tasks"))[1:] if line[0] in "*+"]
    expect_equal(sorted(marks), sorted(running), "all that run are marked, wherever one looks from")


def areas():
    """mm-percpu: each area has its place, and what it counts is what the other commands count."""
    shown = run("mm-percpu")
    found = re.findall(r"^cpu (\d) +thread (\d) +area (0x[0-9a-f]+) \(offset (0x[0-9a-f]+)\) +APIC id (\d+)$", shown, re.M)
    expect_equal([f[0] for f in found], [str(cpu) for cpu in CPUS], shown)
    for cpu, thread, area, offset, _ in found:
        expect_equal(int(thread), int(cpu) + 1, "gdb's number of it")
        expect_equal(int(offset, 16), value(f"__per_cpu_offset[{cpu}]"), "the offset")
        expect_equal(int(area, 16), value("(unsigned long)&__per_cpu_start + 0x%x" % int(offset, 16)), "the area")
    numbers = re.findall(r"^cpu (\d)  0x[0-9a-f]{8}  (\d+)$", run("mm-percpu cpu_number"), re.M)
    expect_equal(numbers, [(str(cpu), str(cpu)) for cpu in CPUS], "mm-percpu cpu_number")
    runs = re.findall(r"nr_running (\d+) ", shown)
    expect_equal(re.findall(r"^cpu \d  0x[0-9a-f]{8}  (\d+)$", run("mm-percpu runqueues.nr_running"), re.M), runs,
                 "a part of a variable")
    for name in ("DMA", "Normal"):
        zone = find(rf"^(Node 0, zone +{name} .*(?:\n +.*)*)$", run("mm-zones"))[0]
        expect_equal(re.findall(rf"{name} (\d+)", shown), re.findall(r"cpu \d list: count (\d+)", zone), f"pages of {name}")
    arrays = [list(map(int, find(r"((?:\d+ )+)of \d+", " ".join(line[9:]))[0].split()))
              for line in words(run("mm-slab"))[1:]]
    expect_equal([int(n) for n in re.findall(r"; (\d+) objects", shown)], [sum(a[cpu] for a in arrays) for cpu in CPUS],
                 "objects in the slab arrays")


def nonsense():
    for command in ("mm-percpu nr_cpus", "mm-percpu nosuchvariable", "mm-percpu a b", "mm-percpu 1+1",
                    "print $per_cpu(\"cpu_number\", 9)"):
        said = refusal(command)
        expect(said and "\n" not in said and "Traceback" not in said, command, "said", said)


before_they_run()
threads()
areas()
nonsense()
done()
