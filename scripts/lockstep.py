"""scripts/lockstep.py - what the benchmarks of disk and memory share: one program under two kernels, counted

The program runs on Octavo's release image, and on Debian's i386 kernel with its hardening off
(build/linux, which the make targets fetch), on the same machine with the same disks. QEMU's plugin
tests/bench/lockstep.c counts every instruction between two marks of the program, interrupts and kernel
threads included. For each pair of marks the program prints a line: NAME UNITS UNIT, and further figures.
"""

import os
import sys
import tempfile

import octavo
from octavo import Cpio, Failure

HARDENING_OFF = ("mitigations=off nopti nokaslr init_on_alloc=0 hardened_usercopy=off "
                 "randomize_kstack_offset=off cgroup_disable=memory")


def run(system, where, program, options, command, last_row):
    """Runs `command`, which calls /bin/PROGRAM, on "octavo" or "linux".
    => row -> (instructions, units, [further figures])"""
    output = bytearray()
    with tempfile.TemporaryDirectory(prefix="octavo.") as folder:
        counts = os.path.join(folder, "counts")
        options = {**options, "PLUGIN": f"{os.path.join(where, 'bench', 'lockstep.so')},out={counts}"}
        programs = os.path.join(folder, "programs.cpio")
        with open(programs, "wb") as out:
            cpio = Cpio(out)
            cpio.copy(f"bin/{program}", os.path.join(where, "bench", program), 0o755)
            cpio.end()
        modules = octavo.modules_for(where, options) + [programs]
        machine = octavo.linux_machine if system == "linux" else octavo.octavo_machine
        result = machine(where, options, modules, command, folder, sink=output.extend,
                         append=HARDENING_OFF if system == "linux" else "").run()
        # Linux has no way to tell a status: there the last row is the proof.
        if (result.kind != "off" or result.status != (None if system == "linux" else 0) or
                last_row.encode() not in output):
            raise Failure(f"{system}: the run did not end well ({result.kind}, status {result.status})\n"
                          f"{output.decode(errors='replace')}\n{octavo.tail(result.log)}\n{result.backtrace}")
        with open(counts, encoding="utf-8") as file:
            sums = [int(line.split()[0]) for line in file]
    rows = [line.split() for line in output.decode().splitlines()]
    if len(rows) != len(sums):
        raise Failure(f"{system}: {len(sums)} counts for {len(rows)} rows\n{output.decode()}")
    return {row[0]: (count, int(row[1]), row[2:]) for row, count in zip(rows, sums)}


def main(script, usage, measure, table):
    """The frame of such a script: measure(system, where) for each system asked for, table(systems, figures)
    -> lines, which are printed and saved as build/SCRIPT.md."""
    octavo.on_signal()
    systems = sys.argv[1:] or ["octavo", "linux"]
    try:
        if set(systems) - {"octavo", "linux"}:
            print(usage, file=sys.stderr)
            sys.exit(2)
        where = octavo.build({}, "kernel", "root", "benches")
        figures = {system: measure(system, where) for system in systems}
        text = "\n".join(table(systems, figures)) + "\n"
        print(text, end="")
        with open(os.path.join(where, script + ".md"), "w", encoding="utf-8") as file:
            file.write(text)
    except (Failure, OSError, ValueError) as error:
        octavo.die(error)
    except KeyboardInterrupt:
        sys.exit(130)
