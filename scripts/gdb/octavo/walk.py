"""mm-walk: from a linear address to its frame, entry by entry.

Intel SDM volume 3, section 4.3: cr3 names the page directory; bits 31..22 of
the address choose its entry; bits 21..12 the entry of the page table that it
names; bits 11..0 are the offset in the page.

A kernel built with PAE=1 (its pte_t has 8 bytes) has a level more, section 4.4:
bits 31..30 choose one of four entries of the top table, bits 29..21 the entry
of a directory, bits 20..12 that of a page table.  All reads are physical.
"""
import struct

import gdb

from .mem import Command, control_register, lookup_type, number, page_offset, phys_read

FLAGS = ((0x001, "P"), (0x002, "RW"), (0x004, "US"), (0x008, "PWT"), (0x010, "PCD"),
         (0x020, "A"), (0x040, "D"), (0x080, "PS"), (0x100, "G"), (0x200, "special"),
         (0x800, "mlocked"), (1 << 63, "NX"))

# The levels, top first: its name, the word for its index, and the address bits from .. to.
TWO = (("pgd", "dir", 22, 32), ("pte", "table", 12, 22))
THREE = (("pgd", "top", 30, 32), ("pmd", "dir", 21, 30), ("pte", "table", 12, 21))
FRAME = 0xffffffffff000     # where an entry keeps the frame


def entry_size():
    """=> 4, or 8 in a kernel with PAE"""
    return lookup_type("pte_t").sizeof


def flags(entry):
    return " ".join(name for bit, name in FLAGS if entry & bit) or "none"


def read_entry(table, index):
    size = entry_size()
    return struct.unpack("<I" if size == 4 else "<Q", phys_read(table + size * index, size))[0]


def entries_of(linear, cr3):
    """The entries on the way: (level, index, entry), up to the leaf or to the first that is not present."""
    table = cr3 & (~0xfff if entry_size() == 4 else ~0x1f)
    way = []
    for level in TWO if entry_size() == 4 else THREE:
        _, _, low, high = level
        index = linear >> low & (1 << high - low) - 1
        entry = read_entry(table, index)
        way.append((level, index, entry))
        if not entry & 1 or entry & 0x80:
            break
        table = entry & FRAME
    return way


def why_absent(level, entry):
    if level != "pte":
        return "the directory entry is not present"
    return "PROT_NONE page" if entry & 0x100 and entry >> 12 else "swap entry" if entry else "the entry is empty"


def walk(linear, cr3):
    """[(line, ...)], physical address or None."""
    levels = TWO if entry_size() == 4 else THREE
    digits = 2 * entry_size()
    lines = ["linear   0x%08x = " % linear + "".join(
        "%s 0x%0*x, " % (word, -(-(high - low) // 4), linear >> low & (1 << high - low) - 1)
        for _, word, low, high in levels) + "offset 0x%03x" % (linear & 0xfff), "cr3      0x%08x" % cr3]
    way = entries_of(linear, cr3)
    for (name, _, _, _), index, entry in way:
        lines.append("%s[%03x] 0x%0*x  frame 0x%05x  %s"
                     % (name, index, digits, entry, (entry & FRAME) >> 12, flags(entry)))
    (name, _, low, _), _, entry = way[-1]
    if not entry & 1:
        lines.append("not mapped: " + why_absent(name, entry))
        return lines, None
    offset = linear & (1 << low) - 1
    physical = entry & FRAME & ~((1 << low) - 1) | offset
    if name != "pte":
        lines.append("         a %dM page: there is no page table, the offset has %d bits" % (1 << low - 20, low))
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

Shows cr3, the index and the entry of each level with its flags, and the physical
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
