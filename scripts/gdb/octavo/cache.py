"""mm-cache, mm-buffers: pages of files, and blocks of disks in them."""
import gdb

from .mem import PAGE_SHIFT, PAGE_SIZE, Command, kernel_ready, list_entries, lookup_type
from .phys import page_flags, page_to_pfn
from .space import path_name

MAP_SHIFT = 6                   # lib/radix-tree.h: slots of a node
DIRTY, WRITEBACK = 0, 1         # its tags

BUFFER_LETTERS = (("Uptodate", "u"), ("Dirty", "d"), ("Lock", "l"), ("Mapped", "m"), ("New", "n"))


def mounts():
    return list_entries(gdb.parse_and_eval("mount_list"), "struct vfsmount", "mnt_list")


def super_blocks():
    return list_entries(gdb.parse_and_eval("super_blocks"), "struct super_block", "s_list")


def pages_of(mapping):
    """The pages of an address_space, in order: its radix tree, level by level."""
    kind = lookup_type("struct radix_tree_node").pointer()
    leaf = lookup_type("struct page").pointer()

    def below(node, height):
        slots = node.dereference()["slots"]
        for i in range(1 << MAP_SHIFT):
            if not int(slots[i]):
                continue
            if height == 1:
                yield slots[i].cast(leaf)
            else:
                yield from below(slots[i].cast(kind), height - 1)

    root = mapping["page_tree"]
    if int(root["height"]):
        yield from below(root["rnode"], int(root["height"]))


def buffers_of(page):
    """The ring that hangs on a page."""
    if "private" not in page_flags(page):
        return
    head = page["private"].cast(lookup_type("struct buffer_head").pointer())
    bh = head
    for _ in range(PAGE_SIZE // 512):
        yield bh
        bh = bh["b_this_page"]
        if int(bh) == int(head):
            return
    raise gdb.GdbError("the ring at %#x does not close" % int(head))


def buffer_has(bh, flag):
    bit = int(gdb.parse_and_eval("BH_" + flag))
    return int(bh["b_state"]) >> bit & 1


def name_of(inode):
    """A path that leads to it, or what it is."""
    mode = int(inode["i_mode"]) & 0o170000
    if inode["i_sb"]["s_type"]["name"].string() == "bdev":
        return "(device %s)" % device_name(inode["i_bdev"])
    if int(inode["i_dentry"]["next"]) == int(inode["i_dentry"].address):
        return "(no name)"
    dentry = next(list_entries(inode["i_dentry"], "struct dentry", "d_alias"))
    for mount in mounts():
        if int(mount["mnt_sb"]) == int(inode["i_sb"]):
            return path_name({"dentry": dentry, "mnt": mount}) + ("/" if mode == 0o040000 else "")
    return "(%s)" % dentry["d_name"]["name"].cast(lookup_type("char").pointer()).string()


def device_name(bdev):
    part = bdev["bd_part"]
    if not int(part):
        return "%d:%d, closed" % (int(bdev["bd_dev"]) >> 20, int(bdev["bd_dev"]) & 0xfffff)
    disk, number = part["disk"]["disk_name"].string(), int(part["partno"])
    if not number:
        return disk
    return "%s%s%d" % (disk, "p" if disk[-1].isdigit() else "", number)


def covered_by(dentry, mount):
    """Through what is mounted there, to the top."""
    while True:
        for other in mounts():
            if int(other["mnt_mountpoint"]) == int(dentry) and int(other["mnt_parent"]) == int(mount) \
                    and int(other) != int(mount):
                dentry, mount = other["mnt_root"], other
                break
        else:
            return dentry, mount


def inode_by_path(path):
    """Walks the dentries that there are: a name that nobody has looked up is not found."""
    root = next(m for m in mounts() if int(m["mnt_parent"]) == int(m))
    dentry, mount = covered_by(root["mnt_root"], root)
    for name in filter(None, path.split("/")):
        for child in list_entries(dentry["d_subdirs"], "struct dentry", "d_child"):
            text = child["d_name"]["name"].cast(lookup_type("char").pointer())
            if int(child["d_inode"]) and text.string() == name:
                dentry, mount = covered_by(child, mount)
                break
        else:
            raise gdb.GdbError("%s: no name %s in memory" % (path, name))
    return dentry["d_inode"]


def inode_by_words(text):
    """A path, a device's name, or an expression: struct inode *, struct file *, an area of mm-vmas."""
    if text.startswith("/dev/"):
        for bdev in block_devices():
            if device_name(bdev) == text[5:]:
                return bdev["bd_inode"]
    if text.startswith("/"):
        return inode_by_path(text)
    value = gdb.parse_and_eval(text)
    kind = str(value.type.strip_typedefs())
    if kind == "struct inode *":
        return value
    if kind == "struct file *":
        return value["f_mapping"]["host"]
    if kind == "struct vm_area_struct *":
        return value["vm_file"]["f_mapping"]["host"]
    raise gdb.GdbError("%s is neither a path nor a struct inode, file or vm_area_struct" % text)


def block_devices():
    for node in list_entries(gdb.parse_and_eval("all_bdevs"), "struct bdev_node", "list"):
        yield node["bdev"].address


def tagged(mapping, tag):
    """Pages with a tag, by the tree's own bits."""
    kind = lookup_type("struct radix_tree_node").pointer()

    def below(node, height):
        node = node.dereference()
        words = node["tags"][tag]
        bits = sum(int(words[i]) << 32 * i for i in range(2))
        if height == 1:
            return bin(bits).count("1")
        return sum(below(node["slots"][i].cast(kind), height - 1)
                   for i in range(1 << MAP_SHIFT) if bits >> i & 1)

    root = mapping["page_tree"]
    return below(root["rnode"], int(root["height"])) if int(root["height"]) else 0


def place_on_disk(page):
    """'hda1 40-43' for a page whose buffers say where its blocks are; '' for one without buffers."""
    words, last = [], None
    for bh in buffers_of(page):
        if not buffer_has(bh, "Mapped"):
            words, last = words + ["-"], None
            continue
        block = int(bh["b_blocknr"])
        if last is not None and block == last + 1:
            words[-1] = words[-1].split("-")[0] + "-%d" % block
        else:
            words.append(str(block))
        last = block
    return " ".join(words)


class Cache(Command):
    """mm-cache FILE: the pages of a file that are in memory. mm-cache: all files that have any.

FILE is a path (of names that the kernel has in memory), /dev/NAME for the pages of a
device, or an expression for a struct inode *, struct file * or struct vm_area_struct *.
Neighbours alike are shown as one line: indices, the frame of the first, flags, and
the blocks on the disk as far as buffers know them. Without FILE the last line adds up
what /proc/meminfo shows as Cached, Buffers and Dirty."""

    name = "mm-cache"

    def run(self, argv):
        kernel_ready("the page cache")
        if argv:
            self.one(inode_by_words(" ".join(argv)))
        else:
            self.all()

    def one(self, inode):
        mapping = inode["i_mapping"].dereference()
        print("%s: inode %d at %#x, %d bytes, %d pages in memory, %d dirty"
              % (name_of(inode), int(inode["i_ino"]), int(inode), int(inode["i_size"]),
                 int(mapping["nrpages"]), tagged(mapping, DIRTY)))
        found, line = 0, None
        for page in pages_of(mapping):
            found += 1
            index = int(page["index"])
            flags = " ".join(page_flags(page))
            blocks = place_on_disk(page)
            if line and not blocks and line[1:3] == [index - 1, flags] and not line[4]:
                line[1] = index
                continue
            self.show(line)
            line = [index, index, flags, page_to_pfn(page), blocks]
        self.show(line)
        if found != int(mapping["nrpages"]):
            print("the tree has %d pages!" % found)

    @staticmethod
    def show(line):
        if not line:
            return
        first, last, flags, pfn, blocks = line
        span = "%d" % first if first == last else "%d-%d" % (first, last)
        print("  %-12s pfn 0x%05x  %s%s" % (span, pfn, flags, "  blocks %s" % blocks if blocks else ""))

    @staticmethod
    def all():
        files = buffers = dirty = 0
        print("   pages  dirty  INODE      NAME")
        for sb in super_blocks():
            for inode in list_entries(sb["s_inodes"], "struct inode", "i_sb_list"):
                mapping = inode["i_data"]
                pages = int(mapping["nrpages"])
                if not pages:
                    continue
                changed = tagged(mapping, DIRTY)
                dirty += changed
                if sb["s_type"]["name"].string() == "bdev":
                    buffers += pages
                else:
                    files += pages
                print("%8d %6d  %#x %s" % (pages, changed, int(inode), name_of(inode)))
        print("Cached %d kB, Buffers %d kB, Dirty %d kB" % (files * 4, buffers * 4, dirty * 4))


class Buffers(Command):
    """mm-buffers: devices that are open, and how many blocks of each are in memory.
mm-buffers DEVICE: these blocks, page by page.

A block's letters: u uptodate, d dirty, l locked (under I/O), m mapped, n new; behind
them who refers to it. The pages of all devices are what /proc/meminfo calls Buffers."""

    name = "mm-buffers"

    def run(self, argv):
        kernel_ready("the buffer cache")
        if argv:
            for bdev in block_devices():
                if device_name(bdev) == argv[0]:
                    return self.one(bdev)
            raise gdb.GdbError("no device %s has been asked for (mm-buffers lists them)" % argv[0])
        total = 0
        print("device   openers holder      block  pages  blocks  dirty locked   used")
        for bdev in block_devices():
            total += self.line(bdev)
        print("Buffers %d kB" % (total << (PAGE_SHIFT - 10)))
        return None

    @staticmethod
    def line(bdev):
        pages = blocks = dirty = locked = used = 0
        for page in pages_of(bdev["bd_inode"]["i_data"]):
            pages += 1
            for bh in buffers_of(page):
                blocks += 1
                dirty += buffer_has(bh, "Dirty")
                locked += buffer_has(bh, "Lock")
                used += int(bh["b_count"]["counter"]) > 0
        print("%-8s %7d %#010x %6d %6d %7d %6d %6d %6d"
              % (device_name(bdev), int(bdev["bd_openers"]), int(bdev["bd_holder"]),
                 int(bdev["bd_block_size"]), pages, blocks, dirty, locked, used))
        return pages

    @staticmethod
    def one(bdev):
        for page in pages_of(bdev["bd_inode"]["i_data"]):
            words = []
            for bh in buffers_of(page):
                letters = "".join(letter for flag, letter in BUFFER_LETTERS if buffer_has(bh, flag))
                count = int(bh["b_count"]["counter"])
                words.append("%d:%s%s" % (int(bh["b_blocknr"]), letters or "-", count or ""))
            print("page %-6d pfn 0x%05x  %s" % (int(page["index"]), page_to_pfn(page),
                                                "  ".join(words) or "(no buffers: read as a whole)"))


Cache()
Buffers()
