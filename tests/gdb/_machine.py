"""What the tests of gdb share: a machine that waits for gdb, and gdb driven by a script inside it."""

import os
import socket
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "scripts"))

import octavo  # noqa: E402

LIMIT = 300


def build(options):
    """=> the folder of the build: made here, or, without options, the runner's."""
    if options:
        os.environ.pop("OCTAVO_BUILD", None)
    where = os.environ.get("OCTAVO_BUILD") or octavo.build(options, "kernel", "root")
    return where if os.path.isabs(where) else os.path.join(TOP, where)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def qemu_words(where, port, modules, append="", extra=()):
    return [os.environ.get("QEMU", "qemu-system-i386"), "-M", "pc", "-nodefaults", "-display", "none",
            "-no-reboot", "-m", "128", "-serial", "null", "-serial", "null",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
            "-kernel", os.path.join(where, "octavo"), "-append", append,
            "-initrd", ",".join(modules), "-S", "-gdb", f"tcp:127.0.0.1:{port}", *extra]


def gdb(where, port, script, folder):
    """Runs tests/gdb/`script` inside gdb, attached. => exit status and text"""
    env = dict(os.environ, OCTAVO_BUILD=where, OCTAVO_SCRATCH=folder)
    words = ["gdb", "-q", "-nx", "-batch", "-x", os.path.join(TOP, "scripts/gdb/octavo.py"),
             "-ex", "set pagination off", "-ex", "set confirm off",
             "-ex", f"target remote 127.0.0.1:{port}",
             "-x", os.path.join(TOP, "tests/gdb", script), os.path.join(where, "octavo.elf")]
    done = subprocess.run(words, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=LIMIT, env=env, errors="replace", cwd=TOP)
    return done.returncode, done.stdout


def session(script, command, cpus=1, threads="", options=None, cpu="", drives=""):
    """One machine running `command`, one gdb running `script`; threads: see octavo.thread_words;
    options: of the build; cpu: QEMU's model; drives: as DRIVES=. => exit status of the test"""
    where, port = build(options), free_port()
    with tempfile.TemporaryDirectory(prefix="octavo.") as folder:
        modules = octavo.modules_for(where, {}) + [
            octavo.archive_of_command(command, os.path.join(folder, "command"))]
        words = qemu_words(where, port, modules, extra=(
            "-smp", str(cpus), *octavo.thread_words(cpus, threads), *(["-cpu", cpu] if cpu else []),
            *octavo.drive_words(drives)))
        machine = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            status, text = gdb(where, port, script, folder)
        finally:
            machine.kill()
            machine.wait()
    return verdict(status, text)


def recorded_session(script, command):
    """The same, but the machine runs to its end first, recorded; gdb gets the replay."""
    where, port = build(None), free_port()
    with tempfile.TemporaryDirectory(prefix="octavo.") as folder:
        modules = octavo.modules_for(where, {}) + [
            octavo.archive_of_command(command, os.path.join(folder, "command"))]
        disk = os.path.join(folder, "rr.qcow2")
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", disk, "64M"], check=True)

        def words(mode):
            return qemu_words(where, port, modules, extra=(
                "-smp", "1", "-global", "apic-common.vapic=off",
                "-icount", f"shift=auto,rr={mode},rrfile={folder}/rr.bin,rrsnapshot=init",
                "-drive", f"file={disk},if=none,id=rr,format=qcow2"))
        without_gdb = [w for w in words("record") if w != "-S" and not w.startswith("tcp:") and w != "-gdb"]
        subprocess.run(without_gdb, stdin=subprocess.DEVNULL, timeout=LIMIT, check=False)
        machine = subprocess.Popen(words("replay"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            status, text = gdb(where, port, script, folder)
        finally:
            machine.kill()
            machine.wait()
    return verdict(status, text)


def verdict(status, text):
    """The script inside gdb says so at its end if all was well."""
    good = status == 0 and "\nall as expected\n" in text
    if not good:
        print(text)
    return 0 if good else 1
