"""The lists of pages that could be given up: mm-lru."""
import gdb

from .mem import Command, kernel_ready, list_entries, lookup_type
from .percpu import nr_cpus, per_cpu
from .phys import page_flags, page_to_pfn, zone_name, zones

LISTS = ("inactive_anon", "active_anon", "inactive_file", "active_file")
CLEAN = "inactive_clean"
SHOWN = 64      # pages of a list


def age(page):
    bits = {f.name: f.enumval for f in lookup_type("enum pageflags").fields()}
    return int(page["flags"]) >> bits["PG_age"] & 3


def list_of(zone, name):
    """Its pages, the newest first."""
    head = zone["inactive_clean_list"] if name == CLEAN else zone["lru"][LISTS.index(name)]
    return list(list_entries(head, "struct page", "lru"))


def kind(page):
    """The list that its flags name."""
    flags = page_flags(page)
    return ("active" if "active" in flags else "inactive") + ("_anon" if "swapbacked" in flags else "_file")


def waiting():
    """Pages in the processors' batches."""
    return sum(int(per_cpu("lru_add_pvec", cpu)["nr"]) for cpu in range(nr_cpus()))


class Lru(Command):
    """mm-lru [LIST]: the lists of pages that could be given up, zone by zone.

Without an argument: how many pages each has, by walking it, of these how many of
which age; what the counters say if they differ; and the sums as /proc/meminfo has
them (a page on an inactive clean list counts as inactive).  LIST (inactive_anon,
active_anon, inactive_file, active_file, inactive_clean): its pages, those that go
next first: pfn, age, users, mappings, flags."""

    name = "mm-lru"

    def run(self, argv):
        kernel_ready()
        if len(argv) > 1 or (argv and argv[0] not in LISTS + (CLEAN,)):
            raise gdb.GdbError("usage: mm-lru [%s]" % " | ".join(LISTS + (CLEAN,)))
        shown = [zone for zone in zones() if int(zone["present_pages"])]
        if argv:
            for zone in shown:
                self.pages(zone, argv[0])
            return
        sums = dict.fromkeys(LISTS + (CLEAN,), 0)
        print("%-16s %-14s %8s  %s" % ("zone", "list", "pages", "of age 0, 1, 2, 3"))
        for zone in shown:
            self.zone(zone, sums)
        print("Active(anon) %d kB, Inactive(anon) %d kB, Active(file) %d kB, Inactive(file) %d kB"
              % tuple(sums[name] * 4 for name in ("active_anon", "inactive_anon", "active_file", "inactive_file")))
        print("inactive clean %d kB; %d pages wait in batches" % (sums[CLEAN] * 4, waiting()))

    @staticmethod
    def zone(zone, sums):
        counts = dict.fromkeys(LISTS + (CLEAN,), 0)
        for name in LISTS + (CLEAN,):
            pages = list_of(zone, name)
            ages = [0] * 4
            for page in pages:
                ages[age(page)] += 1
                if name == CLEAN:
                    counts[kind(page)] += 1
                elif kind(page) != name:
                    print("pfn 0x%05x is on list %s, and its flags say %s" % (page_to_pfn(page), name, kind(page)))
            counts[name] += len(pages)
            if pages:
                print("%-16s %-14s %8d  %s" % (zone_name(zone), name, len(pages), " ".join("%d" % n for n in ages)))
        items = {f.name: f.enumval for f in lookup_type("enum zone_stat_item").fields()}
        for name, pages in counts.items():
            counted = int(zone["vm_stat"][items["NR_" + name.upper()]]["counter"])
            if counted != pages:
                print("%s %s: counted as %d, there are %d" % (zone_name(zone), name, counted, pages))
            sums[name] += pages

    @staticmethod
    def pages(zone, name):
        pages = list_of(zone, name)
        if pages:
            print("%s, %d pages" % (zone_name(zone), len(pages)))
        for page in pages[:-SHOWN - 1:-1]:
            print("  0x%05x  age %d  count %d  mapcount %d  %s"
                  % (page_to_pfn(page), age(page), int(page["_refcount"]["counter"]),
                     int(page["_mapcount"]["counter"]) + 1, " ".join(page_flags(page))))
        if len(pages) > SHOWN:
            print("  ... and %d more" % (len(pages) - SHOWN))


Lru()
