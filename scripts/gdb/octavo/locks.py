"""mm-locks: which locks are taken now, by whom, and who waits for them.

A debug build keeps for each task the locks that it holds or waits for
(kernel/core/lockdep.h): that is the whole truth.  In a release build a spinlock is
one word: it is taken or not.  So there the command looks at every lock that it
can name, and finds who waits by following the stacks: a processor that spins has
the lock's address in the frame of spin_lock_thunk, a task that sleeps in a queue has
its place in the queue on its stack.
"""
import re
import struct

import gdb

from .mem import Command, kernel_ready, list_entries, lookup_type, symbol
from .percpu import idle_tasks, nr_cpus, per_cpu, processors, tasks
from .phys import nodes, zones
from .slab import caches

TYPES = ("spinlock_t", "rwlock_t", "struct mutex", "struct rw_semaphore")
KINDS = ("spinlock", "rwlock", "mutex", "rwsem")        # LOCK_KIND of lockdep.h
LOCK_READ = 4
RW_LOCKED, RW_READER_SHIFT = 0xff, 9
THUNKS = {"spin_lock_thunk": "spins for", "read_lock_thunk": "spins to read", "write_lock_thunk": "spins to write"}
STACK = 8192


class Lock:
    """A lock that has a name: where it lies, of which kind it is."""

    def __init__(self, name, value):
        self.name, self.value = name, value
        self.kind = KINDS[TYPES.index(type_name(value))]
        self.address = int(value.address) & 0xffffffff

    def state(self):
        """=> what its words say, or None: it is free"""
        return getattr(self, "_" + self.kind)()

    def _spinlock(self):
        word = int(self.value["slock"])
        waiting = ((word >> 8) - word & 0xff) - 1
        return None if waiting < 0 else "taken" + (", %d wait" % waiting if waiting else "")

    def _rwlock(self):
        word = int(self.value["count"])
        readers = word >> RW_READER_SHIFT
        if word & RW_LOCKED:
            return "taken to write" + (", %d wait to read" % readers if readers else "")
        return "taken by %d reader%s%s" % (readers, "s" * (readers > 1), ", a writer waits" * (word >> 8 & 1)) \
            if readers else None

    def _mutex(self):
        owner = self.value["owner"]
        return "taken by %s%s" % (who(owner.dereference()), self.queue("struct mutex_waiter")) if int(owner) else None

    def _rwsem(self):
        activity = int(self.value["activity"])
        if activity == 0:
            return None
        return ("taken to write" if activity < 0 else "taken by %d reader%s" % (activity, "s" * (activity > 1))) + \
            self.queue("struct rwsem_waiter")

    def queue(self, waiter):
        names = [who(w["task"].dereference()) for w in list_entries(self.value["wait_list"], waiter, "list")
                 if int(w["task"])]
        return ", in the queue: " + " ".join(names) if names else ""


def type_name(value):
    name = str(value.type.unqualified())
    return "spinlock_t" if name == "struct spinlock" else name


def who(task):
    return "%s/%d" % (task["comm"].string(), int(task["pid"]))


def static_locks():
    """The variables, by gdb's list of all variables of such a type."""
    for kind in TYPES:
        file = ""
        for line in gdb.execute("info variables -q -t %s" % kind.split()[-1], to_string=True).splitlines():
            if line.startswith("File "):
                file = line[5:].rstrip(":")
            match = re.match(r"\d+:\s+(?:static )?%s (\w+);$" % kind, line)
            if match and not file.startswith("tests/"):
                yield Lock(match.group(1), gdb.parse_and_eval("'%s'::%s" % (file, match.group(1))))


def structure_locks():
    """Those in structures that can be found: of zones, caches, processors, and of each process."""
    for zone in zones():
        if int(zone["present_pages"]):
            yield Lock("%szone %s->lock" % ("node %d " % int(zone["node"]) if len(list(nodes())) > 1 else "",
                                            zone["name"].string()), zone["lock"])
    for cache in caches():
        yield Lock("cache %s->lock" % cache["name"].string(), cache["lock"])
    for cpu in range(nr_cpus()):
        yield Lock("runqueue of cpu %d->lock" % cpu, per_cpu("runqueues", cpu)["lock"])
    seen = set()
    for task in tasks():
        for field, locks in (("mm", ("mmap_sem", "page_table_lock")), ("sighand", ("siglock",)),
                             ("files", ("file_lock",)), ("fs", ("lock",))):
            if int(task[field]) and int(task[field]) not in seen:
                seen.add(int(task[field]))
                for lock in locks:
                    yield Lock("%s of %s->%s" % (field, who(task), lock), task[field][lock])


def spinlock_name(found, address):
    """A lock that sleeps begins with a spinlock, which guards its queue."""
    lock = found.get(address)
    if lock is None:
        return "the lock at 0x%08x" % address
    return lock.name + ("->wait_lock" if lock.kind in ("mutex", "rwsem") else "")


def words(address, count):
    data = gdb.selected_inferior().read_memory(address, 4 * count)
    return struct.unpack("<%dI" % count, bytes(data))


def spinning(processor):
    """(what it does, address of the lock, where), if the processor waits for a spinlock in a release build."""
    if processor.cpl == 3:
        return None
    low = int(processor.task()["stack"])

    def on_stack(address):
        return low <= address < low + STACK - 16

    # Called by the thunk: at the first instruction its frame is still the newest one.
    frame, esp = processor.register("EBP"), processor.register("ESP")
    if not on_stack(frame) or not on_stack(esp):
        return None
    thunk, back = frame, words(esp, 1)[0]
    for _ in range(16):
        name = symbol(back).split("+")[0]
        if name in THUNKS and on_stack(thunk):
            _, caller, lock = words(thunk, 3)
            return THUNKS[name], lock, caller
        if not on_stack(frame):
            return None
        thunk, back = words(frame, 2)
        frame = thunk
    return None


def queued(task, all_tasks):
    """Address of the wait_list in which a sleeping task stands in the queue of a mutex or rwsem, or None."""
    low = int(task["stack"])
    start = int(task["thread"]["esp"])
    if not low <= start < low + STACK:
        return None
    content = words(start, (low + STACK - start) // 4)
    me = int(task.address)
    if not any(re.match(r"(mutex_|rwsem_|down_|__mutex|take)", symbol(w)) for w in content[:24] if w >= 0x40000000):
        return None
    for index, word in enumerate(content):
        here = start + 4 * (index - 2)
        if word != me or index < 2 or not is_node(here):
            continue
        node = content[index - 2]
        while low_kstack() <= node and words(node + 8, 1)[0] in all_tasks:
            node = words(node, 1)[0]
            if node == here:
                return None
        return node
    return None


def is_node(address):
    try:
        following, before = words(address, 2)
        return words(following + 4, 1)[0] == address and words(before, 1)[0] == address
    except gdb.MemoryError:
        return False


def low_kstack():
    return int(gdb.parse_and_eval("kstack_start"))


class Locks(Command):
    """mm-locks: the locks that are taken now, by whom, and who waits.

In a debug build, for each task, the locks that it holds in the order in which it
took them, and the one that it waits for. In a release build the locks that have
a name (variables, and those of zones, caches, run queues and processes) and are
taken, and who spins or sleeps for which: a release build does not know who holds
a spinlock."""

    name = "mm-locks"

    def run(self, argv):
        kernel_ready("the locks")
        found = {}
        for lock in [*static_locks(), *structure_locks()]:
            found.setdefault(lock.address, lock)
        on_cpu = {int(p.task().address): p for p in processors()}
        everybody = [*tasks(), *idle_tasks()]
        if any(f.name == "lockdep" for f in lookup_type("struct task_struct").fields()):
            told = sum(self.held_by(task, on_cpu, found) for task in everybody)
        else:
            told = self.taken(found) + self.waiting(found, on_cpu, everybody)
        if not told:
            print("no lock is taken%s" % ("" if found else " (and none was found)"))

    @staticmethod
    def held_by(task, on_cpu, found):
        """Debug builds. => 1 if the task holds or waits for something"""
        dep = task["lockdep"]
        if not int(dep["depth"]):
            return 0
        processor = on_cpu.get(int(task.address))
        print("%s, %s" % (who(task), "cpu %d at %s" % (processor.cpu, processor.where()) if processor else "sleeps"))
        for index in range(int(dep["depth"])):
            held = dep["held"][index]
            address, how = int(held["lock"]), int(held["how"])
            lock = found.get(address)
            print("    %-9s %-8s %-32s 0x%08x  %s%s" % (
                "holds" if int(held["since"]) else "waits for", KINDS[how & 3],
                lock.name if lock else held["class"]["name"].string(), address, symbol(int(held["ip"])),
                ", to read" if how & LOCK_READ else ""))
        return 1

    @staticmethod
    def taken(found):
        """Release builds: the words. => how many are taken"""
        count = 0
        for lock in found.values():
            state = lock.state()
            if state:
                print("%-8s %-32s 0x%08x  %s" % (lock.kind, lock.name, lock.address, state))
                count += 1
        return count

    @staticmethod
    def waiting(found, on_cpu, everybody):
        """Release builds: who waits. => how many do"""
        count = 0
        for processor in on_cpu.values():
            wait = spinning(processor)
            if wait:
                print("cpu %d: %s %s %s, asked for at %s" % (
                    processor.cpu, who(processor.task()), wait[0], spinlock_name(found, wait[1]), symbol(wait[2])))
                count += 1
        known = {int(t.address) for t in everybody}
        heads = {int(lock.value["wait_list"].address): lock for lock in found.values() if lock.kind in ("mutex", "rwsem")}
        for task in everybody:
            head = int(task["state"]) and int(task.address) not in on_cpu and queued(task, known)
            if head:
                print("%s sleeps in the queue of %s" % (
                    who(task), heads[head].name if head in heads else "the lock around 0x%08x" % head))
                count += 1
        return count


Locks()
