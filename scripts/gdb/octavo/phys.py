"""mm-page, mm-zones, mm-buddy: frames and who owns them."""
import gdb

from .mem import Command, PAGE_SHIFT, kernel_ready, list_entries, lookup_type, number, page_offset
from .percpu import nr_cpus

MAX_ORDER = 11


def nodes():
    for nid in range(int(gdb.parse_and_eval("nr_online_nodes"))):
        yield gdb.parse_and_eval("node_data")[nid].dereference()


def zones():
    for node in nodes():
        for index in range(3):
            yield node["node_zones"][index]


def zone_name(zone):
    """As /proc/buddyinfo has it."""
    return "Node %d, zone %8s" % (int(zone["node"]), zone["name"].string())


def page_zone(page):
    return gdb.parse_and_eval("zone_table")[int(page["flags"]) >> 27 & 31].dereference()


def pfn_to_page(pfn):
    return gdb.parse_and_eval("mem_map") + pfn


def page_to_pfn(page):
    size = lookup_type("struct page").sizeof
    return (int(page) - int(gdb.parse_and_eval("mem_map"))) // size


def page_flags(page):
    flags = int(page["flags"])
    return [f.name[3:] for f in lookup_type("enum pageflags").fields()
            if f.name.startswith("PG_") and flags >> f.enumval & 1]


def block_around(pfn):
    """(order, first frame) of the free block that holds a frame, or None."""
    for order in range(1, MAX_ORDER):
        head = pfn & -(1 << order)
        page = pfn_to_page(head)
        if "buddy" in page_flags(page) and int(page["private"]) >= order:
            return int(page["private"]), head
    return None


def describe(page):
    pfn = page_to_pfn(page)
    flags = page_flags(page)
    zone = page_zone(page)
    print("page %#010x  pfn 0x%05x  physical 0x%08x  node %d  zone %s"
          % (int(page), pfn, pfn << PAGE_SHIFT, int(zone["node"]), zone["name"].string()))
    print("flags %s" % (" ".join(flags) or "none"))
    print("refcount %d  mapcount %d  private %#x  mapping %#x  index %#x"
          % (int(page["_refcount"]["counter"]), int(page["_mapcount"]["counter"]) + 1,
             int(page["private"]), int(page["mapping"]), int(page["index"])))
    if "buddy" in flags:
        print("free: first page of a block of order %d (%d pages)"
              % (int(page["private"]), 1 << int(page["private"])))
    elif not flags and int(page["_refcount"]["counter"]) == 0 and block_around(pfn):
        print("free: inside the block of order %d that begins at pfn 0x%05x" % block_around(pfn))
    elif "pcp" in flags:
        print("free: on a per-CPU list")
    elif "slab" in flags:
        cache = page["lru"]["next"].cast(lookup_type("struct kmem_cache").pointer())
        print("slab of cache %s" % cache["name"].string())
    elif int(page["mapping"]) & 1:
        print("anonymous memory of a process")


class Page(Command):
    """mm-page PFN | mm-page ADDRESS: the struct page of a frame.

A number below the number of frames is a frame number; an address in the direct
map, or of a struct page inside mem_map, is turned into its frame."""

    name = "mm-page"

    def run(self, argv):
        if len(argv) != 1:
            raise gdb.GdbError("usage: mm-page PFN | ADDRESS")
        kernel_ready()
        value = number(argv[0])
        frames = int(gdb.parse_and_eval("max_mapnr"))
        start = int(gdb.parse_and_eval("mem_map"))
        size = lookup_type("struct page").sizeof
        if start <= value < start + frames * size:
            pfn = (value - start) // size
        elif value >= page_offset():
            pfn = (value - page_offset()) >> PAGE_SHIFT
        else:
            pfn = value
        if pfn >= frames:
            raise gdb.GdbError("0x%x is no frame: there are %d" % (value, frames))
        describe(pfn_to_page(pfn))


class Zones(Command):
    """mm-zones: each zone's span, free pages, watermarks and per-CPU lists.

The free pages are those of the buddy system and of all processors' lists."""

    name = "mm-zones"

    def run(self, argv):
        kernel_ready()
        for zone in zones():
            if int(zone["present_pages"]) == 0:
                continue
            lists = [zone["pageset"][cpu] for cpu in range(nr_cpus())]
            print("%s pfn 0x%05x spanned %d present %d managed %d"
                  % (zone_name(zone), int(zone["zone_start_pfn"]), int(zone["spanned_pages"]),
                     int(zone["present_pages"]), int(zone["managed_pages"])))
            print("         free %d  min %d low %d high %d"
                  % ((int(zone["free_pages"]) + sum(int(pcp["count"]) for pcp in lists),)
                     + tuple(int(zone["watermark"][i]) for i in range(3))))
            for cpu, pcp in enumerate(lists):
                print("         cpu %d list: count %d batch %d high %d%s"
                      % (cpu, int(pcp["count"]), int(pcp["batch"]), int(pcp["high"]), self.check(pcp)))

    @staticmethod
    def check(pcp):
        walked = sum(1 for _ in list_entries(pcp["list"], "struct page", "lru"))
        return "" if walked == int(pcp["count"]) else "  (the list has %d!)" % walked


class Buddy(Command):
    """mm-buddy [ORDER]: free blocks by order; with ORDER, the blocks themselves.

The counts are made by walking the lists and compared with nr_free, which is
what /proc/buddyinfo prints."""

    name = "mm-buddy"

    def run(self, argv):
        kernel_ready()
        order = int(argv[0], 0) if argv else None
        if order is not None and not 0 <= order < MAX_ORDER:
            raise gdb.GdbError("an order is 0 to %d" % (MAX_ORDER - 1))
        for zone in zones():
            if int(zone["present_pages"]) == 0:
                continue
            counts = []
            for o in range(MAX_ORDER):
                area = zone["free_area"][o]
                blocks = [page_to_pfn(p) for p in list_entries(area["free_list"], "struct page", "lru")] \
                    if order is None or o == order else []
                if order is None and len(blocks) != int(area["nr_free"]):
                    print("%s order %d: nr_free says %d, the list has %d"
                          % (zone_name(zone), o, int(area["nr_free"]), len(blocks)))
                if order == o:
                    print("%s %s" % (zone_name(zone), " ".join("0x%05x" % b for b in blocks)))
                counts.append(len(blocks))
            if order is None:
                print("%s %s" % (zone_name(zone), " ".join("%6d" % c for c in counts)))


Page()
Zones()
Buddy()
