"""mm-rmap: from a page to the page-table entries that map it."""
import gdb

from .mem import Command, kernel_ready, number, page_offset
from .percpu import tasks
from .phys import page_flags, page_to_pfn, pfn_to_page
from .walk import FRAME, entries_of

ANON = 1                        # page->mapping: PAGE_MAPPING_ANON


def nodes(tree, kind, member):
    """=> the structures of `kind` on an interval tree, followers after their head"""
    offset = next(f.bitpos // 8 for f in gdb.lookup_type(kind).fields() if f.name == member)
    pointer = gdb.lookup_type(kind).pointer()
    node_pointer = gdb.lookup_type("struct interval_tree_node").pointer()
    same = next(f.bitpos // 8 for f in gdb.lookup_type("struct interval_tree_node").fields() if f.name == "same")

    def below(rb):
        if not int(rb):
            return
        yield from below(rb["rb_left"])
        node = rb.cast(node_pointer)
        head, at = int(node), int(node)
        while True:
            yield gdb.Value(at - offset).cast(pointer)
            at = int(gdb.Value(at).cast(node_pointer)["same"]["next"]) - same
            if at == head:
                break
        yield from below(rb["rb_right"])

    yield from below(tree["rb_node"])


def places(page):
    """=> (mm, address) where the page can be, as rmap.c computes it"""
    mapping, index = int(page["mapping"]), int(page["index"])
    if mapping & ANON:
        anon_vma = gdb.Value(mapping & ~ANON).cast(gdb.lookup_type("struct anon_vma").pointer())
        for step in nodes(anon_vma["ways"], "struct anon_vma_chain", "node"):
            if int(step["node"]["start"]) <= index <= int(step["node"]["last"]):
                yield step["way"]["mm"], ((index - int(step["way"]["shift"])) << 12) & 0xffffffff
        return
    for vma in nodes(page["mapping"]["i_mmap"], "struct vm_area_struct", "shared"):
        if int(vma["shared"]["start"]) <= index <= int(vma["shared"]["last"]):
            yield vma["vm_mm"], int(vma["vm_start"]) + ((index - int(vma["vm_pgoff"])) << 12)


def users():
    """=> by address of an mm: pid and name of a process that uses it"""
    found = {}
    for task in tasks():
        if int(task["mm"]):
            found.setdefault(int(task["mm"]), (int(task["pid"]), task["comm"].string()))
    return found


class Rmap(Command):
    """mm-rmap PFN: which page-table entries map a frame.

Goes the kernel's way: page->mapping leads to an anon_vma, or to a file's address_space, whose tree has
the ways, or areas, in which the page can be; page->index says where in each. For every such place a line:
process, address, the entry, and what it is: `maps it', or why it does not. Then how many do, beside the
page's own count; ! follows if these differ."""

    name = "mm-rmap"

    def run(self, argv):
        kernel_ready("mem_map")
        if len(argv) != 1:
            raise gdb.GdbError("usage: mm-rmap PFN")
        pfn = number(argv[0])
        if pfn >= int(gdb.parse_and_eval("max_mapnr")):
            raise gdb.GdbError("no frame 0x%x" % pfn)
        page = pfn_to_page(pfn)
        mapping, mapcount = int(page["mapping"]), int(page["_mapcount"]["counter"]) + 1
        kind = "anonymous, of anon_vma 0x%08x" % (mapping & ~ANON) if mapping & ANON else \
            "of a file, address_space 0x%08x" % mapping if mapping else "in no mapping"
        print("pfn 0x%05x  %s" % (page_to_pfn(page), " ".join(page_flags(page))))
        print("%s, index 0x%x" % (kind, int(page["index"])))
        if not mapping:
            return
        if mapping & ANON and not mapcount:
            print("mapped nowhere: its anon_vma may be gone")
            return
        known, found = users(), 0
        for mm, address in places(page):
            pid, name = known.get(int(mm), (0, "?"))
            entry = self.entry(mm, address)
            maps = entry is not None and entry & 1 and (entry & FRAME) >> 12 == pfn
            found += bool(maps)
            print("%5d %-15s 0x%08x  %s" % (pid, name, address, "no page table" if entry is None else
                  "0x%08x  %s" % (entry, "maps it" if maps else "empty" if not entry else
                                  "another page" if entry & 1 else "swap entry")))
        print("entries %d, mapcount %d%s" % (found, mapcount, "" if found == mapcount else " !"))

    @staticmethod
    def entry(mm, address):
        """=> the page-table entry, or None: there is no table"""
        (name, _, _, _), _, entry = entries_of(address, (int(mm["pgd"]) - page_offset()) & 0xffffffff)[-1]
        return entry if name == "pte" else None


Rmap()
