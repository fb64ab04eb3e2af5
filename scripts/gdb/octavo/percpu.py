"""Which processor is which, who runs on it, mm-percpu, and $cpu(), $current(), $per_cpu().

gdb's thread N is QEMU's processor N - 1.  The kernel numbers only those that came
up, and each has loaded its own GDT, which lies in its per-CPU area: so the GDTR
tells which of the kernel's processors a thread is, in ring 3 too.
"""
import re

import gdb

from .mem import Command, all_registers, kernel_ready, list_entries, lookup_type, symbol

STACK = 8192


def nr_cpus():
    return int(gdb.parse_and_eval("nr_cpus"))


def offset_of(cpu):
    return int(gdb.parse_and_eval("__per_cpu_offset")[cpu])


def per_cpu(name, cpu):
    """The variable `name` as processor `cpu` has it."""
    variable = gdb.parse_and_eval(name)
    return (variable.address.cast(lookup_type("char").pointer()) + offset_of(cpu)).cast(
        variable.type.pointer()).dereference()


class Processor:
    """One of the kernel's processors: cpu, gdb's thread number, and the registers that QEMU tells."""

    def __init__(self, cpu, thread, registers):
        self.cpu, self.thread, self.registers = cpu, thread, registers
        self.cpl = int(re.search(r"CPL=(\d)", registers).group(1))
        self.halted = "HLT=1" in registers

    def register(self, name):
        return int(re.search(r"\b%s=([0-9a-f]+)" % name, self.registers).group(1), 16)

    def rq(self):
        return per_cpu("runqueues", self.cpu)

    def task(self):
        """Who runs there: by the stack, as rq->curr is ahead of it in the middle of a switch."""
        curr = self.rq()["curr"].dereference()
        if self.cpl == 3 or _stands_on(curr, self.register("ESP")):
            return curr
        for task in [self.rq()["idle"].dereference(), *tasks()]:
            if _stands_on(task, self.register("ESP")):
                return task
        return curr

    def where(self):
        if self.cpl == 3:
            return "ring 3 at 0x%08x" % self.register("EIP")
        return symbol(self.register("EIP")) or "0x%08x" % self.register("EIP")


def _stands_on(task, esp):
    return int(task["stack"]) <= esp < int(task["stack"]) + STACK


def processors():
    """Each of the kernel's processors. => before their tables are loaded: the boot processor alone"""
    start = int(gdb.parse_and_eval("(unsigned long)&gdt_table"))
    offsets = {offset_of(cpu): cpu for cpu in range(nr_cpus())}
    found = {}
    for index, registers in sorted(all_registers().items()):
        base = int(re.search(r"GDT=\s*([0-9a-f]+)", registers).group(1), 16)
        cpu = offsets.get((base - start) & 0xffffffff)
        if cpu is not None:
            found[cpu] = Processor(cpu, index + 1, registers)
    if not found:
        found[0] = Processor(0, 1, all_registers()[0])
    return [found[cpu] for cpu in sorted(found)]


def selected():
    """The processor that `thread N` has chosen. => None if it does not run the kernel (yet)"""
    number = gdb.selected_thread().ptid[1]
    return next((p for p in processors() if p.thread == number), None)


def need_selected():
    processor = selected()
    if processor is None:
        raise gdb.GdbError("thread %d is a processor that the kernel has not started"
                           % gdb.selected_thread().num)
    return processor


def tasks():
    """The boot task, then every process on the task list, each followed by its other threads."""
    init_task = gdb.parse_and_eval("init_task")
    yield init_task
    for task in list_entries(init_task["tasks"], "struct task_struct", "tasks"):
        yield task.dereference()
        for thread in list_entries(task["thread_group"], "struct task_struct", "thread_group"):
            yield thread.dereference()


def idle_tasks():
    """Those of the other processors: they have no number and are on no list."""
    for cpu in range(1, nr_cpus()):
        yield per_cpu("runqueues", cpu)["idle"].dereference()


def current():
    """Who runs on the selected processor."""
    processor = selected()
    return processor.task() if processor else None


def at_hand(cpu):
    """(pages on its lists by zone, objects in its slab arrays, caches that have some)"""
    from .phys import zones
    from .slab import caches
    pages = [("%d.%s" % (int(zone["node"]), zone["name"].string()), int(zone["pageset"][cpu]["count"]))
             for zone in zones() if int(zone["present_pages"])]
    arrays = [int(cache["array"][cpu]["avail"]) for cache in caches() if int(cache["array"][cpu])]
    return pages, sum(arrays), sum(1 for n in arrays if n)


class PerCpu(Command):
    """mm-percpu [VARIABLE]: each processor's own data.

Without an argument, for each processor: where its per-CPU area lies, gdb's
number of it, who runs there and where, its run queue, the pages and objects that
it has at hand. With the name of a per-CPU variable (or a part of one, such as
runqueues.nr_running): its value on each."""

    name = "mm-percpu"

    def run(self, argv):
        kernel_ready("per-CPU data")
        if len(argv) > 1:
            raise gdb.GdbError("usage: mm-percpu [VARIABLE]")
        if argv:
            self.variable(argv[0])
            return
        for processor in processors():
            self.overview(processor)

    @staticmethod
    def variable(expression):
        name, rest = re.match(r"(\w*)(.*)", expression).groups()
        first, last = (int(gdb.parse_and_eval("(unsigned long)&__per_cpu_" + end)) for end in ("start", "end"))
        value = gdb.parse_and_eval(name)
        if value.address is None or not first <= int(value.address) < last:
            raise gdb.GdbError("%s is no per-CPU variable" % name)
        for cpu in range(nr_cpus()):
            pointer = per_cpu(name, cpu).address
            part = gdb.parse_and_eval("(*(%s)%#x)%s" % (pointer.type, int(pointer), rest))
            print("cpu %d  0x%08x  %s" % (cpu, int(part.address or pointer), part.format_string()))

    @staticmethod
    def overview(processor):
        cpu, task, rq = processor.cpu, processor.task(), processor.rq()
        start = int(gdb.parse_and_eval("(unsigned long)&__per_cpu_start"))
        interrupts = processor.register("EFL") & 0x200
        work = int(task["work"])
        print("cpu %d  thread %d  area 0x%08x (offset 0x%x)  APIC id %d"
              % (cpu, processor.thread, start + offset_of(cpu) & 0xffffffff, offset_of(cpu),
                 int(gdb.parse_and_eval("cpu_to_apicid")[cpu])))
        print("  runs    %s/%d, %s%s" % (task["comm"].string(), int(task["pid"]), processor.where(),
                                         " (halted)" if processor.halted else ""))
        print("          interrupts %s, %s%s%s" % (
            "on" if interrupts else "off",
            "depth of handlers %d" % int(per_cpu("irq_count", cpu)),
            ", need_resched" if work & 2 else "", ", signal pending" if work & 1 else ""))
        print("  queue   nr_running %d (active %d, expired %d), %d switches"
              % (int(rq["nr_running"]), int(rq["active"]["nr_active"]), int(rq["expired"]["nr_active"]),
                 int(rq["nr_switches"])))
        pages, objects, used = at_hand(cpu)
        print("  at hand pages %s; %d objects of %d caches"
              % (", ".join("%s %d" % p for p in pages), objects, used))


class Cpu(gdb.Function):
    """$cpu(): the kernel's number of the processor that `thread N` has chosen."""

    def __init__(self):
        super().__init__("cpu")

    def invoke(self):
        return need_selected().cpu


class Current(gdb.Function):
    """$current(): the task_struct of who runs on the selected processor: print $current()->comm."""

    def __init__(self):
        super().__init__("current")

    def invoke(self):
        kernel_ready("the task list")
        return need_selected().task().address


class PerCpuFunction(gdb.Function):
    """$per_cpu("VARIABLE" [, CPU]): a per-CPU variable of that, or of the selected, processor."""

    def __init__(self):
        super().__init__("per_cpu")

    def invoke(self, name, cpu=None):
        number = need_selected().cpu if cpu is None else int(cpu)
        if not 0 <= number < nr_cpus():
            raise gdb.GdbError("there is no processor %d" % number)
        return per_cpu(name.string(), number)


PerCpu()
Cpu()
Current()
PerCpuFunction()
