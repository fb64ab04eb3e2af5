"""mm-slab, mm-vmalloc: small objects, and areas of single pages."""
import gdb

from .mem import Command, kernel_ready, list_entries, number, symbol
from .percpu import nr_cpus

BUFCTL_END, BUFCTL_ACTIVE = 0xffff, 0xfffe
LISTS = ("slabs_full", "slabs_partial", "slabs_free")
VM_KINDS = ((1, "ioremap"), (2, "vmalloc"), (4, "vmap"))


def caches():
    yield from list_entries(gdb.parse_and_eval("cache_chain"), "struct kmem_cache", "next")


def slabs(cache, which):
    yield from list_entries(cache[which], "struct slab", "list")


def bufctl(slab):
    return (slab + 1).cast(gdb.lookup_type("unsigned short").pointer())


def free_chain(cache, slab):
    """Indices of the free objects of a slab, in the order in which they will be handed out."""
    links, index, count = bufctl(slab), int(slab["free"]), int(cache["num"])
    chain = []
    while index != BUFCTL_END:
        if index >= count or index in chain:
            raise gdb.GdbError("slab %#x: the chain of free objects is broken at %d" % (int(slab), index))
        chain.append(index)
        index = int(links[index])
    return chain


def arrays(cache):
    """(cpu, array_cache) of each processor that has one"""
    return [(cpu, cache["array"][cpu]) for cpu in range(nr_cpus()) if int(cache["array"][cpu])]


class Slab(Command):
    """mm-slab [CACHE | ADDRESS]: caches of small objects.

Without an argument: each cache as /proc/slabinfo shows it, counted by walking
its lists. With the name of a cache: its slabs, with free and used objects, and
the objects in each processor's array. With an address: the object that lies there."""

    name = "mm-slab"

    def run(self, argv):
        kernel_ready("the slab allocator")
        if not argv:
            self.overview()
            return
        for cache in caches():
            if cache["name"].string() == argv[0]:
                self.one(cache)
                return
        try:
            address = number(argv[0])
        except gdb.error:
            raise gdb.GdbError("no cache and no address: %s (mm-slab lists the caches)" % argv[0])
        self.object(address)

    @staticmethod
    def overview():
        print("%-17s %6s %6s %7s %4s %5s  %5s %5s %5s  %s"
              % ("CACHE", "ACTIVE", "TOTAL", "OBJSIZE", "NUM", "PAGES", "FULL", "PART", "FREE", "BY CPU"))
        for cache in caches():
            number_of = {which: list(slabs(cache, which)) for which in LISTS}
            total = sum(len(s) for s in number_of.values())
            inuse = sum(int(s["inuse"]) for group in number_of.values() for s in group)
            at_hand = [int(array["avail"]) for _, array in arrays(cache)]
            limit = max([int(array["limit"]) for _, array in arrays(cache)], default=0)
            print("%-17s %6d %6d %7d %4d %5d  %5d %5d %5d  %s of %d%s"
                  % ((cache["name"].string(), inuse - sum(at_hand), total * int(cache["num"]),
                      int(cache["buffer_size"]), int(cache["num"]), 1 << int(cache["gfporder"]))
                     + tuple(len(number_of[which]) for which in LISTS)
                     + (" ".join(str(n) for n in at_hand), limit,
                        "" if total == int(cache["num_slabs"])
                        else "  num_slabs says %d!" % int(cache["num_slabs"]))))

    @staticmethod
    def one(cache):
        print("%s at %#x: objects of %d bytes, %d apart, %d in a slab of %d pages, %d colours of %d"
              % (cache["name"].string(), int(cache), int(cache["obj_size"]), int(cache["buffer_size"]),
                 int(cache["num"]), 1 << int(cache["gfporder"]), int(cache["colour"]),
                 int(cache["colour_off"])))
        for cpu, array in arrays(cache):
            print("cpu %d: %d at hand (limit %d, batch %d):%s"
                  % (cpu, int(array["avail"]), int(array["limit"]), int(array["batchcount"]),
                     "".join(" %#x" % int(array["entry"][i])
                             for i in range(int(array["avail"]) - 1, -1, -1)[:8])))
        for which in LISTS:
            for slab in slabs(cache, which):
                chain = free_chain(cache, slab)
                used = int(cache["num"]) - len(chain)
                print("  %-8s slab %#x  objects from %#x  in use %d, free %d%s%s"
                      % (which[6:], int(slab), int(slab["s_mem"]), int(slab["inuse"]), len(chain),
                         "".join(" %d" % i for i in chain[:8]) and "  next:"
                         + "".join(" %d" % i for i in chain[:8]),
                         "" if used == int(slab["inuse"]) else "  (the chain says %d in use!)" % used))

    @staticmethod
    def object(address):
        for cache in caches():
            length = int(cache["buffer_size"]) * int(cache["num"])
            for which in LISTS:
                for slab in slabs(cache, which):
                    start = int(slab["s_mem"])
                    if not start <= address < start + length:
                        continue
                    index = (address - start) // int(cache["buffer_size"])
                    begin = start + index * int(cache["buffer_size"]) + int(cache["obj_offset"])
                    state = "free, in the slab" if index in free_chain(cache, slab) else "in use"
                    for cpu, array in arrays(cache):
                        at_hand = {int(array["entry"][i]) for i in range(int(array["avail"]))}
                        if begin in at_hand or begin - int(cache["obj_offset"]) in at_hand:
                            state = "free, at hand for cpu %d" % cpu
                    print("object %d of slab %#x of cache %s: %#x-%#x, %s"
                          % (index, int(slab), cache["name"].string(), begin,
                             begin + int(cache["obj_size"]), state))
                    return
        raise gdb.GdbError("%#x lies in no slab" % address)


class Vmalloc(Command):
    """mm-vmalloc: the areas between the direct map and kmap, as /proc/vmallocinfo shows them."""

    name = "mm-vmalloc"

    def run(self, argv):
        kernel_ready("the vmalloc area")
        areas = pages = 0
        last = 0
        for area in list_entries(gdb.parse_and_eval("vmlist"), "struct vm_struct", "list"):
            start, size = int(area["addr"]), int(area["size"])
            flags = int(area["flags"])
            kind = next((name for bit, name in VM_KINDS if flags & bit), "?")
            print("0x%08x-0x%08x %8d %-24s %s%s%s"
                  % (start, start + size, size, symbol(int(area["caller"])),
                     "pages=%d " % int(area["nr_pages"]) if int(area["nr_pages"]) else "",
                     "phys=0x%08x " % int(area["phys_addr"]) if flags & 1 else "", kind))
            if start < last:
                print("  out of order: it starts below the end of the one before")
            last = start + size
            areas, pages = areas + 1, pages + int(area["nr_pages"])
        print("%d areas, %d pages" % (areas, pages))


Slab()
Vmalloc()
