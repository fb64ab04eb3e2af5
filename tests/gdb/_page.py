"""
Inside gdb: runs a page of scripts/gdb/README.md as it stands there.

A page is a section of the text whose indented lines are a session: "(gdb) COMMAND", and below it what gdb
answers. Each command is run; each line of the answer must come, numbers aside (addresses, frames and pids
differ from run to run). A line "..." stands for what is left out.
"""

import os
import re
import sys

import gdb

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _inside import expect, run  # noqa: E402

README = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../scripts/gdb/README.md")
PROMPT = "\t(gdb) "


def page(title):
    """=> [(command, lines of the answer)]"""
    with open(README, encoding="utf-8") as text:
        section = text.read().split(f"\n## {title}\n")[1].split("\n## ")[0]
    steps = []
    for line in section.splitlines():
        if line.startswith(PROMPT):
            steps.append((re.sub(r"\s+# .*", "", line[len(PROMPT):]), []))
        elif line.startswith("\t") and steps:
            steps[-1][1].append(line.strip())
        elif line:
            steps.append((None, []))    # prose ends an answer
    return [step for step in steps if step[0]]


def bare(line):
    """The line without what differs from run to run: addresses, entries, places in the source, pids, and references,
    of which a batch of new pages may have one."""
    line = re.sub(r"^#\d+ +", "", line.strip())
    line = re.sub(r"^(Temporary b|B)reakpoint [\d.]+, ", "", line)
    line = re.sub(r"^0x[0-9a-f]+ in ", "", line)
    line = re.sub(r"0x[0-9a-f]+|(?<=\[)[0-9a-f]{3}(?=\])|(?<=[:/])\d+|(?<=refcount )\d+", "N", line)
    return re.sub(r"\s+", " ", line)


def answer(command):
    text = run(command)
    return run("frame") if command == "continue" else text


def follow(title):
    steps = page(title)
    expect(len(steps) > 10, "commands of the page:", len(steps))
    for command, lines in steps:
        try:
            text = answer(command)
        except gdb.error as error:
            expect(False, command, "fails:", error)
            return
        came = [bare(line) for line in text.splitlines()]
        for line in lines:
            if line != "...":
                expect(any(c.startswith(bare(line.removesuffix("..."))) for c in came),
                       f"{command}: [{line}] is not in\n{text}")
