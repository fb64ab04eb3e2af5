"""Reading the guest: memory by physical address, registers, kernel variables.

QEMU's gdb stub translates addresses with the page tables that are loaded, as
the processor would.  A page walk must not depend on what it examines, so
phys_read() switches the stub to physical addresses for the time of one read.
The same switch makes kernel variables readable before paging is on: there a
kernel address is its physical one plus PAGE_OFFSET.
"""
import re

import gdb

PAGE_SHIFT = 12
PAGE_SIZE = 1 << PAGE_SHIFT


class Command(gdb.Command):
    """A command whose help is its docstring and whose errors are one line."""

    name = None

    def __init__(self):
        super().__init__(self.name, gdb.COMMAND_DATA)

    def invoke(self, arg, from_tty):
        try:
            self.run(gdb.string_to_argv(arg))
        except gdb.MemoryError as err:
            raise gdb.GdbError("%s: %s" % (self.name, err))

    def run(self, argv):
        raise NotImplementedError


def number(text):
    """An address or number as gdb would evaluate it, so symbols work too."""
    value = gdb.parse_and_eval(text)
    if value.type.strip_typedefs().code in (gdb.TYPE_CODE_FUNC, gdb.TYPE_CODE_ARRAY):
        value = value.address
    return int(value) & 0xffffffff


def all_registers():
    """QEMU's own view, which names GDT, IDT, TR and the control registers. => by its number of the CPU"""
    text = gdb.execute("monitor info registers -a", to_string=True)
    parts = re.split(r"^\s*CPU#(\d+)\s*$", text, flags=re.M)
    return {int(number): part for number, part in zip(parts[1::2], parts[2::2])}


def monitor_registers():
    """Those of the processor that `thread N` has chosen."""
    return all_registers()[gdb.selected_thread().ptid[1] - 1]


def control_register(n):
    match = re.search(r"CR%d=([0-9a-f]+)" % n, monitor_registers())
    if not match:
        raise gdb.GdbError("QEMU did not tell cr%d" % n)
    return int(match.group(1), 16)


def paging_on():
    return bool(control_register(0) & 0x80000000)


def phys_read(address, length):
    gdb.execute("maintenance packet Qqemu.PhyMemMode:1", to_string=True)
    try:
        return bytes(gdb.selected_inferior().read_memory(address, length))
    finally:
        gdb.execute("maintenance packet Qqemu.PhyMemMode:0", to_string=True)


def page_offset():
    """The split, from the link address of the first kernel symbol."""
    return int(gdb.parse_and_eval("(unsigned long)&_text")) & 0xf0000000


def kernel_ready(what="memory management"):
    """Refuse politely while the kernel's variables cannot mean anything."""
    if not paging_on():
        raise gdb.GdbError("paging is still off: %s does not exist yet "
                           "(mm-walk and mm-gdt work already)" % what)
    if int(gdb.parse_and_eval("(unsigned long)mem_map")) == 0:
        raise gdb.GdbError("mem_map is not built yet: %s does not exist" % what)


def lookup_type(name):
    return gdb.lookup_type(name)


def offset_of(kind, member):
    """=> bytes from the start of `kind`, members of nameless unions included; or None"""
    for field in kind.fields():
        if field.name == member:
            return field.bitpos // 8
        if not field.name:
            inner = offset_of(field.type, member)
            if inner is not None:
                return field.bitpos // 8 + inner
    return None


def list_entries(head, type_name, member):
    """Values of `type_name` linked by `member` into the list_head `head`."""
    node_type = lookup_type(type_name)
    offset = offset_of(node_type, member)
    address = int(head.address)
    node = head["next"]
    seen = 0
    while int(node) != address:
        entry = gdb.Value(int(node) - offset).cast(node_type.pointer())
        yield entry
        node = node.dereference()["next"]
        seen += 1
        if seen > 1000000 or int(node) == 0:
            raise gdb.GdbError("the list at %#x is broken after %d entries" % (address, seen))


def symbol(address):
    """name+offset of a kernel address, or ''."""
    text = gdb.execute("info symbol %#x" % address, to_string=True)
    if text.startswith("No symbol"):
        return ""
    return text.split(" in section")[0].replace(" + ", "+")
