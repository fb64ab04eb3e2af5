"""mm-tasks, mm-vmas: processes and what they see."""
import os

import gdb

from .mem import Command, kernel_ready
from .percpu import current, idle_tasks, processors, selected, tasks

STATES = {0: "R", 1: "S", 2: "D", 4: "T", 16: "Z", 32: "X"}


def task_by_pid(pid):
    for task in tasks():
        if int(task["pid"]) == pid:
            return task
    raise gdb.GdbError("no process %d (mm-tasks lists them)" % pid)


def path_name(path):
    """The name of a struct path, up through the mounts, as d_path() would make it."""
    dentry, mount, names = path["dentry"], path["mnt"], []
    while len(names) < 256:
        parent = dentry["d_parent"]
        if int(dentry) == int(mount["mnt_root"]) or int(dentry) == int(parent):
            if int(mount["mnt_parent"]) == int(mount):
                break
            dentry, mount = mount["mnt_mountpoint"], mount["mnt_parent"]
            continue
        names.append(dentry["d_name"]["name"].cast(gdb.lookup_type("char").pointer()).string())
        dentry = parent
    return "/" + "/".join(reversed(names))


def rss(mm):
    return [int(mm["rss_stat"][i]) for i in (0, 1, 3)]


class Tasks(Command):
    """mm-tasks: every task: pid, state, processor, memory (kB) and name.

* marks who runs on the processor that `thread N` has chosen, + who runs on another.
CPU is where a task runs, or ran last. The tasks of pid 0 are what a processor
does when there is nothing to do."""

    name = "mm-tasks"

    def run(self, argv):
        kernel_ready("the task list")
        chosen = selected()
        running = {int(p.task().address): "+" for p in processors()}
        if chosen:
            running[int(chosen.task().address)] = "*"
        print("    PID  PPID S CPU    VSZ    RSS  STACK      TASK       COMMAND")
        for task in [*tasks(), *idle_tasks()]:
            mm = task["mm"]
            sizes = (0, 0)
            if int(mm):
                sizes = (int(mm["total_vm"]) * 4, sum(rss(mm)) * 4)
            parent = int(task["real_parent"]["pid"]) if int(task["real_parent"]) else 0
            state = int(task["exit_state"]) or int(task["state"])
            print("%s %5d %5d %s %3d %6d %6d  0x%08x 0x%08x %s"
                  % (running.get(int(task.address), " "), int(task["pid"]), parent,
                     STATES.get(state, "?"), int(task["cpu"]), *sizes, int(task["stack"]),
                     int(task.address), task["comm"].string()))


class Vmas(Command):
    """mm-vmas [PID]: the areas of a process, as /proc/PID/maps shows them.

Without PID: of the process that is running. The list is walked and compared
with map_count."""

    name = "mm-vmas"

    def run(self, argv):
        kernel_ready("address spaces")
        task = task_by_pid(int(argv[0], 0)) if argv else current()
        if task is None:
            raise gdb.GdbError("nobody is running here: give a PID (mm-tasks lists them)")
        mm = task["mm"]
        if int(mm) == 0:
            raise gdb.GdbError("%s is a kernel thread and has no areas" % task["comm"].string())
        area, count = mm["mmap"], 0
        while int(area):
            self.show(mm, area)
            area, count = area["vm_next"], count + 1
        print("%d areas%s, %d kB, resident %d kB file + %d kB anonymous + %d kB shared memory"
              % ((count, "" if count == int(mm["map_count"]) else
                  " (map_count says %d!)" % int(mm["map_count"]), int(mm["total_vm"]) * 4)
                 + tuple(4 * r for r in rss(mm))))

    @staticmethod
    def show(mm, area):
        flags = int(area["vm_flags"])
        rights = "".join(c if flags & bit else "-" for bit, c in ((1, "r"), (2, "w"), (4, "x")))
        rights += "s" if flags & 0x80 else "p"
        start, end = int(area["vm_start"]), int(area["vm_end"])
        name, offset = "", 0
        if int(area["vm_file"]):
            offset = int(area["vm_pgoff"]) << 12
            name = path_name(area["vm_file"]["f_path"])
        elif start <= int(mm["brk"]) and end >= int(mm["start_brk"]) and int(mm["brk"]) > int(mm["start_brk"]):
            name = "[heap]"
        elif start <= int(mm["start_stack"]) < end:
            name = "[stack]"
        elif int(mm["vdso"]) and start in (int(mm["vdso"]), int(mm["vdso"]) - 4096):
            name = "[vdso]" if start == int(mm["vdso"]) else "[vvar]"
        print("%08x-%08x %s %08x %s" % (start, end, rights, offset, name))


class UserSymbols(gdb.Command):
    """user-symbols PROGRAM: add the symbols of a program that runs in ring 3.

PROGRAM is one of Octavo's own (brk, mmap, malloc...; TAB lists them) or an ELF
file. All of them are linked to the same addresses, so the program that was
named before is forgotten. `user-symbols vdso' adds those of the vDSO, where the
current task has it."""

    loaded = None

    def __init__(self):
        super().__init__("user-symbols", gdb.COMMAND_FILES)

    @staticmethod
    def folders():
        where = os.path.dirname(gdb.objfiles()[0].filename) if gdb.objfiles() else "build"
        return [os.path.join(where, "user", kind) for kind in ("bin", "tests")]

    def complete(self, text, word):
        return [name for folder in self.folders() if os.path.isdir(folder)
                for name in sorted(os.listdir(folder)) if name.startswith(word) and "." not in name]

    def invoke(self, arg, from_tty):
        name = arg.strip()
        if not name:
            raise gdb.GdbError("usage: user-symbols PROGRAM")
        base = ""
        if name == "vdso":
            where = int(current()["mm"]["vdso"]) if int(current()["mm"]) else 0
            if not where:
                raise gdb.GdbError("the current task has no vDSO")
            name = os.path.join(os.path.dirname(gdb.objfiles()[0].filename), "vdso.so.dbg")
            base = " -o 0x%x" % where
        paths = [name] + [os.path.join(folder, name) for folder in self.folders()]
        path = next((p for p in paths if os.path.isfile(p)), None)
        if path is None:
            raise gdb.GdbError("no program %s (make user builds them)" % name)
        if UserSymbols.loaded and not base:
            gdb.execute("remove-symbol-file %s" % UserSymbols.loaded, to_string=True)
        gdb.execute("add-symbol-file %s%s" % (path, base), to_string=True)
        objfile = next(o for o in reversed(gdb.objfiles()) if os.path.samefile(o.filename, path))
        if not base:
            UserSymbols.loaded = objfile.filename
        print("symbols of %s" % path)


Tasks()
Vmas()
UserSymbols()
