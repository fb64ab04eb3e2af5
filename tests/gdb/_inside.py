"""What the scripts that run inside gdb share: expectations, and reading the guest's /proc."""

import re

import gdb

failed = 0


def expect(condition, *what):
    global failed
    if not condition:
        failed += 1
        print("FAILED:", *what)


def expect_equal(got, wanted, what):
    expect(got == wanted, f"{what}: got {got!r}, expected {wanted!r}")


def run(command):
    """=> what the command printed"""
    return gdb.execute(command, to_string=True)


def refusal(command):
    """=> the one line with which the command refuses, or None"""
    try:
        run(command)
    except gdb.error as error:
        return str(error)
    return None


def go_to(place, condition=None):
    """Continue to a breakpoint at `place` and take it away again."""
    point = gdb.Breakpoint(place, internal=True)
    point.silent = True
    if condition:
        point.condition = condition
    run("continue")
    point.delete()


def value(expression):
    return int(gdb.parse_and_eval(expression)) & 0xffffffff


def in_ring_3():
    return value("$cs") & 3 == 3


def shown_by(function):
    """
    The text of a file of /proc, as its show function has just made it: nothing has run since, so
    it tells of the very state that the commands see.
    """
    while True:
        go_to(function)
        seq = value("m")
        run("finish")
        m = gdb.parse_and_eval(f"(struct seq_file *)0x{seq:x}")
        count = int(m["count"])
        if count < int(m["size"]):      # else it was too small, and it will be called again
            break
    data = gdb.selected_inferior().read_memory(int(m["buf"]), count)
    return bytes(data).decode()


def words(text):
    """Lines of words: the same text whatever its spacing."""
    return [line.split() for line in text.splitlines() if line.split()]


def find(pattern, text):
    """=> the groups of the first match (all of it if there are none), or None"""
    match = re.search(pattern, text, re.M)
    return match and (match.groups() or (match.group(),))


def done():
    print(f"{failed} expectations failed" if failed else "all as expected")
