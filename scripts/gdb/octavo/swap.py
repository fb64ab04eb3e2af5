"""mm-swap: swap areas, and from a page-table entry to the sectors where a page lies."""
import gdb

from .cache import device_name, pages_of
from .mem import Command, kernel_ready, number
from .phys import page_flags, page_to_pfn, pfn_to_page
from .space import path_name
from .walk import FRAME, cr3_of, entries_of, why_absent

USED, WRITEOK = 1, 2            # swap_info_struct.flags
BAD = 0xffff                    # swap_map of a slot that is never used
TYPE_SHIFT, TYPE_BITS, OFFSET_SHIFT, SOFT_DIRTY = 2, 5, 9, 0x80     # kernel/arch/pgtable.h
SECTORS = 8                     # of a slot


def areas():
    info = gdb.parse_and_eval("swap_info")
    for index in range(info.type.range()[1] + 1):
        if int(info[index]["flags"]) & USED and int(info[index]["max"]):
            yield info[index]


def sector_of(area, slot):
    """=> where the slot starts, in sectors of the area's device; None: in no extent"""
    for n in range(int(area["nr_extents"])):
        extent = area["extents"][n]
        first, count = int(extent["start_page"]), int(extent["nr_pages"])
        if first <= slot < first + count:
            return int(extent["start_sector"]) + (slot - first) * SECTORS
    return None


def slots(area):
    """=> how many are bad, how many somebody holds"""
    size = int(area["max"])
    start = int(area["swap_map"])
    data = gdb.selected_inferior().read_memory(start, 2 * size).tobytes()
    counts = memoryview(data).cast("H")
    return sum(c == BAD for c in counts), sum(0 < c < BAD for c in counts)


def cached_page(area, slot):
    """=> the page that the swap cache has for the slot, or None"""
    for page in pages_of(area["swapper_space"]):
        if int(page["private"]) >> OFFSET_SHIFT == slot:
            return page
    return None


def show_entry(entry):
    """Each step from the entry to the disk."""
    area_type, slot = entry >> TYPE_SHIFT & (1 << TYPE_BITS) - 1, entry >> OFFSET_SHIFT
    print("entry    0x%08x = type %d, offset %d%s" % (entry, area_type, slot, ", soft dirty" if entry & SOFT_DIRTY else ""))
    area = next((a for a in areas() if int(a["type"]) == area_type), None)
    if area is None or slot >= int(area["max"]):
        print("there is no such slot!")
        return
    sector = sector_of(area, slot)
    print("area     %s" % path_name(area["swap_file"]["f_path"]))
    print("device   %s, sectors %d to %d" % (device_name(area["bdev"]), sector, sector + SECTORS - 1))
    part = area["bdev"]["bd_part"]
    if int(part["start_sect"]):
        print("disk     %s, sectors %d to %d" % (part["disk"]["disk_name"].string(), int(part["start_sect"]) + sector,
                                                 int(part["start_sect"]) + sector + SECTORS - 1))
    page = cached_page(area, slot)
    count = int(area["swap_map"][slot])
    print("held by  %d: %d entries%s" % (count, count - bool(page), ", and the swap cache" if page else ""))
    if page:
        print("cached   pfn 0x%05x  %s" % (page_to_pfn(page), " ".join(page_flags(page))))


class Swap(Command):
    """mm-swap: the swap areas. mm-swap PID ADDRESS: where a page of a process is swapped to.

Without words a line for each area: its type (the number in an entry), priority, usable slots, slots
in use, bad slots (the header is one), pages that the swap cache has of it, and in how many pieces it lies
on its device. The counts are counted from the map of slots; where the kernel's own differ, ! follows.
With a process and an address: the page-table entry, type and offset in it, the area, the device and
the sectors, who holds the slot, and the page if it is in the swap cache."""

    name = "mm-swap"

    def run(self, argv):
        kernel_ready("swap")
        if len(argv) not in (0, 2):
            raise gdb.GdbError("usage: mm-swap, or mm-swap PID ADDRESS")
        if argv:
            self.address(int(argv[0], 0), number(argv[1]))
        else:
            self.all()

    @staticmethod
    def all():
        print("TYPE  PRIO     SLOTS      USED    BAD  CACHED PIECES  DEVICE  NAME")
        total = free = 0
        for area in areas():
            bad, used = slots(area)
            usable = int(area["max"]) - bad
            if int(area["flags"]) & WRITEOK:
                total, free = total + usable, free + usable - used
            print("%4d %5d %9d%s%9d%s %6d %7d %6d  %-7s %s%s" % (
                int(area["type"]), int(area["prio"]), usable, " " if usable == int(area["pages"]) else "!",
                used, " " if used == int(area["inuse_pages"]) else "!", bad, sum(1 for _ in pages_of(area["swapper_space"])),
                int(area["nr_extents"]), device_name(area["bdev"]), path_name(area["swap_file"]["f_path"]),
                "" if int(area["flags"]) & WRITEOK else " (going off)"))
        print("total %d kB, free %d kB" % (total * 4, free * 4))

    @staticmethod
    def address(pid, linear):
        (name, _, _, _), index, entry = entries_of(linear, cr3_of(pid))[-1]
        print("%s[%03x] of 0x%08x" % (name, index, linear))
        if not entry & 1:
            if name == "pte" and why_absent(name, entry) == "swap entry":
                show_entry(entry & 0xffffffff)
            else:
                print("not in swap: " + why_absent(name, entry))
            return
        page = pfn_to_page((entry & FRAME) >> 12)
        if name != "pte" or "swapcache" not in page_flags(page):
            print("not in swap: it is in memory, pfn 0x%05x" % ((entry & FRAME) >> 12))
            return
        print("in memory, pfn 0x%05x, and in the swap cache:" % page_to_pfn(page))
        show_entry(int(page["private"]))


Swap()
