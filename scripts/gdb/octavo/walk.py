"""mm-walk: from a linear address to its frame, entry by entry.

Intel SDM volume 3, section 4.3: cr3 names the page directory; bits 31..22 of
the address choose its entry; bits 21..12 the entry of the page table that it
names; bits 11..0 are the offset in the page.  All reads are physical.
"""
import gdb

from .mem import Command, control_register, number, phys_u32, page_offset

FLAGS = ((0x001, "P"), (0x002, "RW"), (0x004, "US"), (0x008, "PWT"), (0x010, "PCD"),
         (0x020, "A"), (0x040, "D"), (0x080, "PS"), (0x100, "G"), (0x200, "special"),
         (0x800, "mlocked"))


def flags(entry):
    return " ".join(name for bit, name in FLAGS if entry & bit) or "none"


def walk(linear, cr3):
    """[(line, ...)], physical address or None."""
    directory, table, offset = linear >> 22, linear >> 12 & 0x3ff, linear & 0xfff
    lines = ["linear   0x%08x = dir 0x%03x, table 0x%03x, offset 0x%03x"
             % (linear, directory, table, offset), "cr3      0x%08x" % cr3]
    pde = phys_u32((cr3 & ~0xfff) + 4 * directory)
    lines.append("pgd[%03x] 0x%08x  frame 0x%05x  %s" % (directory, pde, pde >> 12, flags(pde)))
    if not pde & 1:
        lines.append("not mapped: the directory entry is not present")
        return lines, None
    if pde & 0x80:
        physical = (pde & 0xffc00000) | (linear & 0x3fffff)
        lines.append("         a 4M page: there is no page table, the offset has 22 bits")
        lines.append("physical 0x%08x" % physical)
        return lines, physical
    pte = phys_u32((pde & ~0xfff) + 4 * table)
    lines.append("pte[%03x] 0x%08x  frame 0x%05x  %s" % (table, pte, pte >> 12, flags(pte)))
    if not pte & 1:
        lines.append("not mapped: " + ("PROT_NONE page" if pte & 0x100 and pte >> 12 else
                                       "swap entry" if pte else "the entry is empty"))
        return lines, None
    physical = (pte & ~0xfff) | offset
    lines.append("physical 0x%08x" % physical)
    return lines, physical


def cr3_of(pid):
    from .space import task_by_pid
    task = task_by_pid(pid)
    if int(task["mm"]) == 0:
        raise gdb.GdbError("task %d is a kernel thread: it has no page tables of its own" % pid)
    return (int(task["mm"]["pgd"]) - page_offset()) & 0xffffffff


class Walk(Command):
    """mm-walk ADDRESS [PID]: walk the page tables for a linear address.

Shows cr3, both indices, both entries with their flags, and the physical
address.  Without PID the tables that are loaded are used; with PID those of
that process.  ADDRESS is any expression: a number, a symbol, $esp.
Before paging is on, linear and physical addresses are the same."""

    name = "mm-walk"

    def run(self, argv):
        if len(argv) not in (1, 2):
            raise gdb.GdbError("usage: mm-walk ADDRESS [PID]")
        linear = number(argv[0])
        if len(argv) == 1 and not control_register(0) & 0x80000000:
            print("paging is off (cr0.PG = 0): linear 0x%08x is physical 0x%08x" % (linear, linear))
            return
        cr3 = cr3_of(int(argv[1], 0)) if len(argv) == 2 else control_register(3)
        print("\n".join(walk(linear, cr3)[0]))


Walk()
