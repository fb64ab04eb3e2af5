"""who-wrote: find the instruction that gave a memory cell its value.

In a replayed machine (make replay) time runs both ways. A hardware watchpoint
plus reverse-continue stops at the last write before now; gdb itself would only
say SIGTRAP, so this command does the two steps and says what it found.
"""
import gdb

from .mem import Command, symbol


class WhoWrote(Command):
    """who-wrote EXPRESSION: go back to the instruction that last wrote this memory.

EXPRESSION is anything that lies in memory: a variable, a list head's next
pointer, *(pte_t *)0xc0123458. Needs a replayed machine: make record, then make
replay. Afterwards the machine stands at the writing instruction; `continue`
goes forward again."""

    name = "who-wrote"

    def run(self, argv):
        if not argv:
            raise gdb.GdbError("usage: who-wrote EXPRESSION")
        expression = " ".join(argv)
        value = gdb.parse_and_eval(expression)
        if value.address is None:
            raise gdb.GdbError("%s does not lie in memory" % expression)
        address, size = int(value.address) & 0xffffffff, value.type.sizeof
        if size > 4:
            size = 4
        cell = "*(unsigned %s *)0x%x" % ({1: "char", 2: "short"}.get(size, "int"), address)
        now = int(gdb.parse_and_eval(cell))
        watch = gdb.Breakpoint(cell, gdb.BP_WATCHPOINT, gdb.WP_WRITE, internal=True)
        watch.silent = True
        try:
            try:
                gdb.execute("reverse-continue", to_string=True)
            except gdb.error as err:
                raise gdb.GdbError("cannot go backwards (%s): is this a make replay?" % err)
        finally:
            watch.delete()
        # The stop is right behind the write, which is one instruction back.
        before = int(gdb.parse_and_eval(cell))
        if before == now:
            gdb.execute("reverse-stepi", to_string=True)
            before = int(gdb.parse_and_eval(cell))
        pc = int(gdb.parse_and_eval("$pc")) & 0xffffffff
        where = symbol(pc) or "ring 3" if pc else "?"
        line = gdb.find_pc_line(pc)
        print("0x%08x was written by 0x%08x %s%s" % (address, pc, where,
              " at %s:%d" % (line.symtab.filename, line.line) if line.symtab else ""))
        print("  0x%0*x -> 0x%0*x" % (2 * size, before, 2 * size, now))
        gdb.execute("x/i $pc")


WhoWrote()
