"""scripts/octavo.py - what the Python scripts here share: options, archives, and one run of the machine

A run is an object: Machine(...).run() starts QEMU without a display, with

    COM1 -> a file        the kernel's console: its log, and what ktest prints (KTAP)
    COM2 -> our pipe      what a command in the guest prints, byte for byte
    port 0xe9 -> a file   the status of that command, written by /.exec/init
    port 0xf4             isa-debug-exit: the kernel says "finished" (ktest) or "dead" (panic)
    a monitor socket      asked for registers and stack when the machine hangs

and waits until the machine is off, has panicked, or its time is up. Nothing here measures: a time
limit only tells a hang from a run, so all limits are generous.
"""

import collections
import glob
import os
import re
import select
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

BUILD_OPTIONS = ("DEBUG", "PAGE_OFFSET", "HIGHMEM", "PAE", "SLAB", "SMP", "NUMA", "CC", "O", "DEV", "BUSYBOX")
RUN_OPTIONS = {"MEM": "128", "CPUS": "1", "NODES": "1", "THREADS": "", "APPEND": "", "ADD": "", "LIMIT": "120",
               "QEMU": "qemu-system-i386", "CPU": "", "LOG": "", "ICOUNT": "", "PLUGIN": "", "ROOT": "busybox",
               "DRIVES": "", "DISK": "0", "SWAP": "0"}

# More MiB than these, and some lie above 4G. QEMU's default processor has no wires for that.
BELOW_4G = 3072

# Below this many MiB the root is busybox alone: our own programs are static and 0.7 MiB each.
SMALL_ROOT = 24


class Failure(Exception):
    """Something that ends the script with a message instead of a Python traceback."""


def tool(name, package="e2fsprogs"):
    """=> the path of a program that may lie where only root looks; raises Failure if it is missing."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/sbin:/usr/sbin")
    if not path:
        raise Failure(f"{name} is missing (Debian: {package})")
    return path


def die(message, status=2):
    print(f"{os.path.basename(sys.argv[0])}: {message}", file=sys.stderr)
    sys.exit(status)


# ---- options ------------------------------------------------------------------------------------

def split_options(args):
    """Takes the NAME=VALUE words that we know off the front of args.
    => returns (options, rest); the first word that is none of ours ends the options, so that a
       command may start with an assignment of its own."""
    options = {}
    while args:
        name, equals, value = args[0].partition("=")
        if not equals or (name not in BUILD_OPTIONS and name not in RUN_OPTIONS):
            break
        options[name] = value
        args = args[1:]
    return options, args


def with_defaults(options):
    """=> the options with make's variables (from the environment) and the defaults filled in."""
    full = {}
    for name, default in RUN_OPTIONS.items():
        full[name] = options.get(name, os.environ.get(name) or default)
    # QEMU's own model has PAE, but not the NX that a kernel with PAE can use.
    if not full["CPU"] and (options.get("PAE") or os.environ.get("PAE")) == "1":
        full["CPU"] = "qemu32,+pse36,+nx"
    return {**full, **options}


def build(options, *targets, quiet=True):
    """Makes the targets for these options. => the build folder; raises Failure with make's output.
    With OCTAVO_BUILD in the environment that folder is taken as it is."""
    ready = os.environ.get("OCTAVO_BUILD")
    if ready:
        return os.path.join(TOP, ready)
    words = [f"{k}={v}" for k, v in options.items() if k in BUILD_OPTIONS]
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    make = ["make", "-C", TOP, "-s", "--no-print-directory"] + words
    done = subprocess.run(make + [f"-j{os.cpu_count()}"] + list(targets), env=env, text=True,
                          stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE if quiet else None, stderr=subprocess.STDOUT if quiet else None)
    if done.returncode:
        raise Failure(f"make {' '.join(words + list(targets))} failed\n{done.stdout or ''}")
    where = subprocess.run(make + ["SETUP=0", "where"], env=env, text=True, stdout=subprocess.PIPE, check=True)
    return os.path.join(TOP, where.stdout.strip())


# ---- archives -----------------------------------------------------------------------------------

class Cpio:
    """A cpio archive in the "newc" form: for each entry a header of 13 hexadecimal fields, the name,
    the data, each padded to 4 bytes. Everything belongs to root and is dated 1970, so that equal
    contents make equal archives."""

    def __init__(self, out):
        self.out = out
        self.inode = 0

    def entry(self, name, mode, data=b"", rdev=(0, 0), size=None):
        """Writes header and name, and data unless size is given (then the caller copies size bytes)."""
        self.inode += 1
        raw = os.fsencode(name.lstrip("/")) + b"\0"
        length = len(data) if size is None else size
        links = 2 if stat.S_ISDIR(mode) else 1
        fields = (self.inode, mode, 0, 0, links, 0, length, 0, 0, rdev[0], rdev[1], len(raw), 0)
        self.out.write(b"070701" + b"".join(b"%08X" % f for f in fields) + raw)
        self.pad(110 + len(raw))
        if size is None:
            self.out.write(data)
            self.pad(len(data))

    def pad(self, length):
        self.out.write(b"\0" * (-length % 4))

    def directory(self, name, mode=0o755):
        self.entry(name, stat.S_IFDIR | mode)

    def file(self, name, data, mode=0o644):
        self.entry(name, stat.S_IFREG | mode, data)

    def symlink(self, name, target):
        self.entry(name, stat.S_IFLNK | 0o777, os.fsencode(target))

    def copy(self, name, path, mode=None):
        """Adds the file, link, folder or device at path under the given name."""
        info = os.lstat(path)
        bits = stat.S_IMODE(info.st_mode) if mode is None else mode
        if stat.S_ISLNK(info.st_mode):
            self.symlink(name, os.readlink(path))
        elif stat.S_ISDIR(info.st_mode):
            self.directory(name, bits)
        elif stat.S_ISREG(info.st_mode):
            self.entry(name, stat.S_IFREG | bits, size=info.st_size)
            with open(path, "rb") as source:
                shutil.copyfileobj(source, self.out, 1 << 20)
            self.pad(info.st_size)
        elif stat.S_ISCHR(info.st_mode) or stat.S_ISBLK(info.st_mode):
            self.entry(name, info.st_mode, rdev=(os.major(info.st_rdev), os.minor(info.st_rdev)))
        else:
            self.entry(name, info.st_mode)

    def tree(self, folder):
        """Adds all that lies below folder, in the order of the names."""
        for path, names, files in os.walk(folder):
            names.sort()
            for name in sorted(names + files):
                full = os.path.join(path, name)
                self.copy(os.path.relpath(full, folder), full)
            names[:] = [n for n in names if not os.path.islink(os.path.join(path, n))]

    def end(self):
        """The trailer; 512 bytes alignment, so that archives may follow each other in one file."""
        self.inode = -1
        self.entry("TRAILER!!!", 0)
        self.out.write(b"\0" * (-self.out.tell() % 512))


def archive_of_tree(folder, path):
    """Makes the archive at path from all that lies below folder (ADD=)."""
    if not os.path.isdir(folder):
        raise Failure(f"ADD={folder}: no such folder")
    with open(path, "wb") as out:
        cpio = Cpio(out)
        cpio.tree(folder)
        cpio.end()
    return path


def entries(archive):
    """=> name, mode, content of each entry of a newc archive, in its order."""
    with open(archive, "rb") as source:
        data = source.read()
    at = 0
    while True:
        mode, size, name_size = (int(data[at + n:at + n + 8], 16) for n in (14, 54, 94))
        name = data[at + 110:at + 110 + name_size - 1].decode()
        start = at + 110 + name_size + 3 & ~3
        at = start + size + 3 & ~3
        if name == "TRAILER!!!":
            return
        yield name, mode, data[start:start + size]


def archive_of_some(archive, wanted, path):
    """Makes the archive at path from those entries of a newc archive for whose name wanted(name) holds."""
    with open(archive, "rb") as source, open(path, "wb") as out:
        data = source.read()
        at = 0
        while True:
            size, name_size = int(data[at + 54:at + 62], 16), int(data[at + 94:at + 102], 16)
            name = data[at + 110:at + 110 + name_size - 1].decode()
            end = (at + 110 + name_size + 3 & ~3) + size + 3 & ~3
            if name == "TRAILER!!!":
                out.write(data[at:])
                return path
            if wanted(name):
                out.write(data[at:end])
            at = end


def archive_of_command(command, path):
    """Makes the archive that tells /init to run one command: see scripts/root/exec-init."""
    with open(os.path.join(TOP, "scripts/root/exec-init"), "rb") as script, open(path, "wb") as out:
        cpio = Cpio(out)
        cpio.directory(".exec")
        cpio.file(".exec/init", script.read(), 0o755)
        cpio.file(".exec/cmd", os.fsencode(command))
        cpio.end()
    return path


def joined(archives, path):
    """Makes one file of the archives, for a loader that takes only one. => path"""
    with open(path, "wb") as out:
        for archive in archives:
            with open(archive, "rb") as file:
                shutil.copyfileobj(file, out)
    return path


# ---- symbols ------------------------------------------------------------------------------------

class Symbols:
    """Addresses to names, by nm, for backtraces of a machine that cannot print its own."""

    def __init__(self, elf):
        self.table = []
        if os.path.exists(elf):
            lines = subprocess.run(["nm", "-n", elf], text=True, stdout=subprocess.PIPE).stdout.splitlines()
            for line in lines:
                words = line.split()
                if len(words) == 3 and words[1] in "tTwW":
                    self.table.append((int(words[0], 16), words[2]))

    def name(self, address):
        low, high = 0, len(self.table)
        while low < high:
            middle = (low + high) // 2
            if self.table[middle][0] <= address:
                low = middle + 1
            else:
                high = middle
        if not low or address >= self.table[-1][0] + 0x10000:
            return "?"
        start, name = self.table[low - 1]
        return f"{name}+0x{address - start:x}"


# ---- the machine --------------------------------------------------------------------------------

# kind: "off" (powered off), "exit" (isa-debug-exit), "panic", "hang", "lost" (QEMU ended otherwise).
# code: QEMU's exit status; status: what the command's init wrote on port 0xe9, or None.
Result = collections.namedtuple("Result", "kind code status log backtrace")

PANIC = b"Kernel panic"


def node_words(nodes, mem, cpus):
    """=> QEMU's options for that many nodes in a row: memory and processors in equal shares, and
    from each node to the next the distance grows by 10."""
    nodes, mem, cpus = int(nodes), int(mem), int(cpus)
    if nodes < 2:
        return []
    words = []
    for n in range(nodes):
        size = mem // nodes + (mem % nodes if n == nodes - 1 else 0)
        first, last = n * cpus // nodes, (n + 1) * cpus // nodes - 1
        words += ["-object", f"memory-backend-ram,id=m{n},size={size}M",
                  "-numa", f"node,nodeid={n},memdev=m{n}" + (f",cpus={first}-{last}" if first <= last else "")]
    for a in range(nodes):
        for b in range(a + 1, nodes):
            words += ["-numa", f"dist,src={a},dst={b},val={10 + 10 * (b - a)}"]
    return words


def thread_words(cpus, threads=""):
    """=> QEMU's option for running that many processors on this computer's: a thread for each, or
    ("single") all in turns on one. With fewer processors than the guest, those of the guest that spin
    take the time of the one they wait for, a hundred times as much as the work; in turns, one that
    spins (PAUSE) gives way at once. THREADS=multi or single says it by hand."""
    if int(cpus) < 2:
        return []
    kind = threads or ("multi" if int(cpus) <= (os.cpu_count() or 1) else "single")
    return ["-accel", f"tcg,thread={kind}"]


def cpu_words(mem, cpu=""):
    """=> QEMU's option for the processor: its own choice, but one whose addresses reach all memory."""
    if not cpu and int(mem) > BELOW_4G:
        cpu = "qemu32,+pse36"
    return ["-cpu", cpu] if cpu else []


# DRIVES=: what QEMU's -drive wants to know; every other key is the device's own (-device).
DRIVE_KEYS = ("format", "cache", "readonly", "snapshot", "aio")
DRIVE_DEVICES = {"virtio": "virtio-blk-pci", "ide": "ide-hd", "floppy": "floppy"}
FLOPPY_SIZE = 1440 << 10


def is_drive_key(key):
    return key in DRIVE_KEYS or key.startswith("throttling.")


def swap_image(mib):
    """=> the path of a disk of so many MiB with mkswap's signature, made if it is not there."""
    path = os.path.join(TOP, "build", f"swap-{mib}.img")
    if not os.path.exists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        pages = mib << 8
        header = struct.pack("<1024xIII16s16s", 1, pages - 1, 0, b"", b"octavo").ljust(4096 - 10, b"\0") + b"SWAPSPACE2"
        with tempfile.NamedTemporaryFile(dir=os.path.dirname(path), delete=False) as image:
            image.write(header)
            image.truncate(mib << 20)
        os.replace(image.name, path)
    return path


def with_swap(options):
    """=> the options with SWAP='s disk among the DRIVES, and told to the root's init, which runs swapon"""
    if options["SWAP"] == "0":
        return options
    if not options["SWAP"].isdigit():
        raise Failure(f"SWAP={options['SWAP']}: must be MiB")
    place = sum(d.startswith("virtio:") for d in options["DRIVES"].split(","))
    return {**options, "SWAP": "0", "DRIVES": ",".join(d for d in (options["DRIVES"], f"virtio:swap{options['SWAP']}") if d),
            "APPEND": " ".join(w for w in (options["APPEND"], f"swap=/dev/vd{chr(ord('a') + place)}") if w)}


def drive_backend(number, bus, path, keys):
    """=> the value of -drive. debug=FILE puts QEMU's blkdebug with that configuration before the image,
    log=FILE a log of all that is written (blklogwrites)."""
    words = ["if=none", f"id=drive{number}"]
    if path.isdigit():      # no file at all: zeros, and QEMU's own temporary file over them
        size = FLOPPY_SIZE if bus == "floppy" else int(path) << 20
        return ",".join(words + ["driver=null-co", f"size={size}", "read-zeroes=on", "snapshot=on", "cache=unsafe"] +
                        [f"{k}={v}" for k, v in keys.items() if k == "readonly" or k.startswith("throttling.")])
    words += [f"{k}={v}" for k, v in keys.items() if is_drive_key(k) and k != "format"]
    if re.fullmatch(r"swap\d+", path):     # ready for swapon; what is written is gone afterwards
        path = swap_image(int(path[4:]))
        words += ["snapshot=on", "cache=unsafe"]
    if "log" in keys:
        words += ["driver=blklogwrites", "log-super-update-interval=1", "log.driver=file",
                  f"log.filename={keys['log']}", "file.driver=raw", "file.file.driver=file",
                  f"file.file.filename={path}"]
    elif "debug" in keys:
        words += [f"driver={keys.get('format', 'raw')}", "file.driver=blkdebug", f"file.config={keys['debug']}",
                  "file.image.driver=file", f"file.image.filename={path}"]
    else:
        words += [f"format={keys.get('format', 'raw')}", f"file={path}"]
    return ",".join(words)


def drive_words(drives, cdrom=False):
    """=> QEMU's options for DRIVES=bus:file[:key=value...],... : disks on the buses virtio (vda...), ide
    (hda...; with cdrom there is no hdc) and floppy (fd0). A number for a file: an empty image of so many
    MiB, gone afterwards; swapMIB: the same after mkswap."""
    words = []
    places = {"virtio": iter(range(64)), "floppy": iter(range(2)),
              "ide": iter([0, 1, 3] if cdrom else [0, 1, 2, 3])}
    for number, drive in enumerate(d for d in drives.split(",") if d):
        bus, _, rest = drive.partition(":")
        path, *pairs = rest.split(":")
        if bus not in DRIVE_DEVICES or not path or not all("=" in p for p in pairs):
            raise Failure(f"DRIVES={drive}: must be virtio:FILE, ide:FILE or floppy:FILE, then :key=value...")
        place = next(places[bus], None)
        if place is None:
            raise Failure(f"DRIVES={drives}: too many on {bus}")
        keys = dict(p.split("=", 1) for p in pairs)
        device = [DRIVE_DEVICES[bus], f"drive=drive{number}"]
        if bus == "ide":
            device += [f"bus=ide.{place // 2}", f"unit={place % 2}"]
        elif bus == "floppy":
            device += [f"unit={place}"]
        device += [f"{k}={v}" for k, v in keys.items() if not is_drive_key(k) and k not in ("debug", "log")]
        words += ["-drive", drive_backend(number, bus, path, keys), "-device", ",".join(device)]
    return words


class Machine:
    def __init__(self, build_dir, options=None, modules=(), iso=None, append="", sink=None, talk=None,
                 kernel=None):
        """sink(bytes) gets what arrives on COM2. With talk, a list of (expected, answer), we sit at the
        console instead: COM1 is our pipe, and each answer is typed when what is expected has come."""
        self.build_dir = build_dir
        self.kernel = kernel or os.path.join(build_dir, "octavo")
        self.options = with_swap(with_defaults(options or {}))
        self.modules = list(modules)
        self.iso = iso
        self.append = " ".join(w for w in (append, self.options["APPEND"]) if w)
        self.sink = sink or (lambda data: None)
        self.talk = list(talk or [])
        self.console = talk is not None
        self.heard = 0
        self.dir = tempfile.mkdtemp(prefix="octavo.")
        self.log_path = self.options["LOG"] or os.path.join(self.dir, "log")
        self.status_path = os.path.join(self.dir, "status")
        self.log = bytearray()

    def command(self):
        o = self.options
        words = [o["QEMU"], "-M", "pc", "-nodefaults", "-vga", "std", "-display", "none", "-no-reboot",
                 "-m", o["MEM"], "-smp", o["CPUS"], *node_words(o["NODES"], o["MEM"], o["CPUS"]),
                 *([] if o["ICOUNT"] else thread_words(o["CPUS"], o["THREADS"])),
                 "-chardev", "stdio,id=pipe,signal=off", "-chardev", f"file,id=log,path={self.log_path}",
                 "-serial", "chardev:pipe" if self.console else "chardev:log",
                 "-serial", "chardev:log" if self.console else "chardev:pipe",
                 "-debugcon", f"file:{self.status_path}",
                 "-monitor", f"unix:{self.dir}/monitor,server=on,wait=off",
                 "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
        words += cpu_words(o["MEM"], o["CPU"]) + drive_words(o["DRIVES"], cdrom=bool(self.iso))
        if o["ICOUNT"]:
            words += ["-icount", o["ICOUNT"], "-rtc", "base=2024-01-01,clock=vm"]
        if o["PLUGIN"]:
            words += ["-plugin", o["PLUGIN"]]
        if self.iso:
            return words + ["-cdrom", self.iso, "-boot", "d"]
        words += ["-kernel", self.kernel, "-append", self.append]
        if self.modules:
            # A module's path ends at a space and at a comma: give each a name without them.
            links = []
            for number, module in enumerate(self.modules):
                link = os.path.join(self.dir, f"module{number}")
                os.symlink(os.path.abspath(module), link)
                links.append(link)
            words += ["-initrd", ",".join(links)]
        return words

    def run(self):
        """Boots, waits for the end, cleans up. => Result; never leaves a QEMU behind."""
        for path in (self.log_path, self.status_path):
            open(path, "wb").close()
        try:
            qemu = subprocess.Popen(self.command(), stdin=subprocess.PIPE if self.console else subprocess.DEVNULL,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except OSError as error:
            raise Failure(f"{self.options['QEMU']}: {error.strerror}") from error
        try:
            with open(self.log_path, "rb") as log:
                return self.follow(qemu, log)
        finally:
            if qemu.poll() is None:
                qemu.kill()
            qemu.wait()
            for pipe in (qemu.stdin, qemu.stdout, qemu.stderr):
                if pipe:
                    pipe.close()
            shutil.rmtree(self.dir, ignore_errors=True)

    def follow(self, qemu, log):
        deadline = time.monotonic() + float(self.options["LIMIT"])
        dying = None
        open_pipe = True
        while True:
            if open_pipe:
                ready, _, _ = select.select([qemu.stdout], [], [], 0.1)
                if ready:
                    data = os.read(qemu.stdout.fileno(), 65536)
                    open_pipe = bool(data)
                    self.take(qemu, data)
            elif qemu.poll() is None:
                time.sleep(0.05)
            self.read_log(log)
            if not open_pipe and qemu.poll() is not None:
                return self.ended(qemu, log)
            now = time.monotonic()
            if dying is None and PANIC in self.log:
                dying = now + 3         # time for the rest of the report
            if dying is not None and now > dying:
                return self.result("panic", -1)
            if now > deadline:
                # Not a hang if the panic is already in the log: the report just came late.
                kind = "panic" if PANIC in self.log else "hang"
                return self.result(kind, -1, self.backtrace() if kind == "hang" else "")

    def ended(self, qemu, log):
        self.read_log(log)
        code = qemu.returncode
        if PANIC in self.log:
            return self.result("panic", code)
        if code == 0:
            return self.result("off", code)
        if code > 0 and code & 1 and not qemu.stderr.peek(1):
            return self.result("exit", code)
        message = qemu.stderr.read().decode(errors="replace").strip()
        return self.result("lost", code, f"{self.options['QEMU']}: {message or f'ended with {code}'}")

    def take(self, qemu, data):
        """Data from the pipe: the command's output, or the console's, which may want an answer."""
        if not self.console:
            self.sink(data)
            return
        self.log += data
        while self.talk:
            expected, answer = self.talk[0]
            found = self.log.find(expected, self.heard)
            if found < 0:
                break
            self.heard = found + len(expected)
            self.talk.pop(0)
            qemu.stdin.write(answer)
            qemu.stdin.flush()

    def read_log(self, log):
        if not self.console:
            self.log += log.read()

    def result(self, kind, code, backtrace=""):
        with open(self.status_path, "rb") as file:
            words = re.findall(rb"exit (\d+)\n", file.read())
        return Result(kind, code, int(words[-1]) & 255 if words else None,
                      self.log.decode(errors="replace").replace("\r", ""), backtrace)

    # A hung machine cannot tell where it is; QEMU can. Registers by the monitor, then the chain of
    # frame pointers (all our code keeps them), 16 frames at most.
    def backtrace(self):
        try:
            with socket.socket(socket.AF_UNIX) as monitor:
                monitor.settimeout(5)
                monitor.connect(f"{self.dir}/monitor")
                self.ask(monitor, None)
                registers = self.ask(monitor, "info registers")
                found = {n: int(v, 16) for n, v in re.findall(r"\b(EIP|EBP|ESP|CR2|CR3)=([0-9a-f]{8})", registers)}
                frames, frame = [found["EIP"]], found["EBP"]
                while len(frames) < 16 and frame >= 0x1000:
                    words = re.findall(r"0x([0-9a-f]{8})\b", self.ask(monitor, f"x /2wx 0x{frame:x}").split(":")[-1])
                    if len(words) != 2 or int(words[0], 16) <= frame:
                        break
                    frames.append(int(words[1], 16))
                    frame = int(words[0], 16)
        except (OSError, KeyError, ValueError) as error:
            return f"no backtrace: {error!r}\n"
        symbols = Symbols(os.path.join(self.build_dir, "octavo.elf"))
        # A return address may lie behind the last instruction of its function: look one byte before.
        lines = [f"  {a:08x} {symbols.name(a - 1 if n else a)}" for n, a in enumerate(frames)]
        return registers.strip().replace("\r", "") + "\nbacktrace of the hang:\n" + "\n".join(lines) + "\n"

    @staticmethod
    def ask(monitor, command):
        """One monitor command (None: just the greeting). => its output, without echo and prompt."""
        if command:
            monitor.sendall(command.encode() + b"\n")
        answer = b""
        while not answer.endswith(b"(qemu) "):
            data = monitor.recv(65536)
            if not data:
                raise OSError("monitor closed")
            answer += data
        text = answer.decode(errors="replace")
        return text.split("\n", 1)[-1].rsplit("(qemu) ", 1)[0]


def root_target(options):
    """=> make's name for the root file system of a machine with these options."""
    full = with_defaults(options)
    if full["ROOT"] not in ("busybox", "debian"):
        raise Failure(f"ROOT={full['ROOT']}: must be busybox or debian")
    if full["ROOT"] == "debian":
        return "root-debian"
    return "root-small" if int(full["MEM"]) <= SMALL_ROOT else "root"


def disk_for(build_dir, options, command=None):
    """Makes the disk of DISK= ready: made if it is not there, to run the command if there is one.
    => the options that boot from it"""
    root = root_target({**options, "MEM": "128"})
    image = os.path.join(TOP, "build", f"disk-{options['ROOT']}.img")
    words = [image, options["DISK"], os.path.join(build_dir, f"{root}.cpio")] + ([command] if command is not None else [])
    done = subprocess.run([os.path.join(TOP, "scripts/mkdisk"), *words])
    if done.returncode:
        raise Failure(f"DISK={options['DISK']}: no disk")
    return {**options, "DRIVES": ",".join(d for d in (f"ide:{image}", options["DRIVES"]) if d),
            "APPEND": " ".join(w for w in ("root=/dev/hda1 rw", options["APPEND"]) if w)}


def modules_for(build_dir, options, tests=False):
    """=> the root archives for a machine with these options (ADD's comes from the caller)."""
    modules = [os.path.join(build_dir, f"{root_target(options)}.cpio")]
    if tests:
        modules.append(os.path.join(build_dir, "tests.cpio"))
    return modules


def octavo_machine(build_dir, options, modules, command, folder, **words):
    """=> a Machine that runs the command as scripts/exec does, with these archives"""
    command = archive_of_command(command, os.path.join(folder, "exec.cpio"))
    return Machine(build_dir, options, modules + [command], **words)


# ---- Linux on the same machine ------------------------------------------------------------------

# What Debian's kernel wants for an ext2 file system on a virtio disk.
LINUX_DISK_MODULES = ("virtio_pci", "virtio_blk", "crc32c_generic", "ext4")


def linux_kernel():
    """=> the newest of Debian's kernels in build/linux."""
    found = sorted(glob.glob(os.path.join(TOP, "build/linux/root/boot/vmlinuz-*")))
    if not found:
        raise Failure("no kernel in build/linux: `make build/linux/packages` fetches it")
    return found[-1]


def linux_modules():
    """=> paths of LINUX_DISK_MODULES and of those they depend on, in an order for insmod"""
    paths = {os.path.basename(p)[:-3].replace("-", "_"): p
             for p in glob.glob(os.path.join(TOP, "build/linux/root/lib/modules/*/kernel/**/*.ko"), recursive=True)}
    order = []

    def add(name):
        if name not in paths:
            raise Failure(f"build/linux has no module {name}: `make build/linux/packages` fetches it")
        with open(paths[name], "rb") as file:
            depends = re.search(rb"\0depends=([^\0]*)\0", file.read()).group(1).decode()
        for other in filter(None, depends.split(",")):
            add(other.replace("-", "_"))
        if paths[name] not in order:
            order.append(paths[name])

    for name in LINUX_DISK_MODULES:
        add(name)
    return order


def linux_machine(build_dir, options, modules, command, folder, append="", **words):
    """The same as octavo_machine(), under Debian's kernel, which has no way to tell the status."""
    path = os.path.join(folder, "modules.cpio")
    with open(path, "wb") as out:
        cpio = Cpio(out)
        cpio.directory("modules")
        for module in linux_modules():
            cpio.copy(os.path.join("modules", os.path.basename(module)), module)
        cpio.end()
    inserts = [f"insmod /modules/{os.path.basename(module)}" for module in linux_modules()]
    command = archive_of_command(" && ".join(inserts) + "\n" + command, os.path.join(folder, "exec.cpio"))
    # Debian's kernel takes one initramfs; archives may follow each other in it.
    initramfs = joined([*modules, path, command], os.path.join(folder, "initramfs"))
    return Machine(build_dir, options, [initramfs], kernel=linux_kernel(),
                   append=f"console=ttyS0 quiet panic=-1 {append}".strip(), **words)


def tail(text, lines=30):
    return "\n".join(text.splitlines()[-lines:])


def on_signal():
    """Lets `finally` run (and so end QEMU) when we are terminated."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))


if __name__ == "__main__":      # octavo.py DRIVES CDROM | NODES MEM CPUS THREADS: for the Makefile
    try:
        if len(sys.argv) == 3:
            print(*drive_words(sys.argv[1], cdrom=sys.argv[2] == "cdrom"))
        else:
            print(*node_words(*sys.argv[1:4]), *thread_words(*sys.argv[3:]), *cpu_words(sys.argv[2]))
    except Failure as failure:
        die(failure)
