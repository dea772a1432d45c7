#!/usr/bin/env python3
"""`webio share` beside `ssh -R`: the same sshd, the same origin, in turns within one run. Every figure is a ratio to ssh -R.

  tunnel.py [--webio PATH] [--rounds N] [--only LIST] [--cores N] [--kills N] [--loss PERCENT]

It starts an sshd of its own on loopback, needs cc, ssh and sshd, and a release build of webio:
  swift build -c release --product webio
--cores N tells the processor time of a request by process, the median of N runs: it does not mind other work on the machine.
The ssh engine is `ssh -R` in front of webio's gateway, so the two rows of ssh show what the gateway costs.
--kills kills the sshd that often and tells how long the tunnel took to be back after the sshd was.
--loss adds a run in which loopback loses packets (tc netem; needs CAP_NET_ADMIN, and disturbs the whole machine meanwhile).
"""
import argparse
import contextlib
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

here = pathlib.Path(__file__).resolve().parent
# name, what better means, goal for libssh2, goal for the ssh engine
MEASURES = [
    ("lat", "less", 1.0, 1.0), ("par", "more", 1.3, 1.0), ("new", "more", 1.0, 1.0), ("down", "more", 0.5, 1.0),
    ("up", "more", 0.5, 1.0), ("idle", "less", 1.0, 1.0), ("stalled", "less", 1.0, 1.0),
]
TITLES = {
    "lat": "small request, p50, µs", "par": "128 connections, requests/s", "new": "new connections/s", "down": "download, MB/s",
    "up": "upload, MB/s", "idle": "small request beside 1,000 idle, µs", "stalled": "small request beside 40 stalled, µs",
    "url": "start to URL, ms",
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, host="127.0.0.1"):
    for _ in range(500):
        with socket.socket() as probe:
            if probe.connect_ex((host, port)) == 0:
                return
        time.sleep(0.01)
    sys.exit(f"nobody listens on {port}")


class Relay:
    """An sshd that can be killed and started again on its port."""

    def __init__(self, folder, host="127.0.0.1"):
        self.folder = folder
        self.host = host
        self.port = free_port()
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
        shutil.copy(folder / "user.pub", folder / "authorized_keys")
        key = " ".join((folder / "host.pub").read_text().split()[:2])
        (folder / "known").write_text(f"[{host}]:{self.port} {key}\n")
        (folder / "sshd_config").write_text("\n".join([
            f"Port {self.port}", f"ListenAddress {host}", f"HostKey {folder}/host", "PidFile none", "StrictModes no", "UsePAM no",
            f"AuthorizedKeysFile {folder}/authorized_keys", "PermitRootLogin yes", "MaxStartups 500:30:500", "UseDNS no",
            "LogLevel QUIET", "SetEnv SHLVL=2", ""]))
        if os.getuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        self.start()

    def start(self):
        sshd = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin")
        self.process = subprocess.Popen([sshd, "-D", "-f", self.folder / "sshd_config"], start_new_session=True)
        wait_for_port(self.port, self.host)

    def kill(self):
        """The listener and all its connections, as a machine that goes down."""
        doomed = descendants(self.process.pid)
        for process in doomed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.process.wait()

    @property
    def address(self):
        return f"ssh://{os.environ.get('USER', 'root')}@{self.host}:{self.port}"


def descendants(process):
    found = [process]
    for task in pathlib.Path(f"/proc/{process}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                found += descendants(int(child))
    return found


class WebIO:
    def __init__(self, relay, origin, webio, engine, prefix=()):
        begun = time.monotonic()
        self.process = subprocess.Popen(
            [*prefix, webio, "share", str(origin), "--via", relay.address, "--identity", relay.folder / "user", "--known-hosts",
             relay.folder / "known", "--engine", engine, "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.rest = b""
        self.port = int(self.event("public", 20)["url"].rsplit(":", 1)[1])
        self.ready = (time.monotonic() - begun) * 1000

    def event(self, name, limit):
        """The next one of this name; requests are passed over."""
        deadline = time.monotonic() + limit
        while True:
            while b"\n" in self.rest:
                line, self.rest = self.rest.split(b"\n", 1)
                event = json.loads(line)
                if event["event"] == name:
                    return event
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                sys.exit(f"no {name} within {limit} s")
            got = os.read(self.process.stdout.fileno(), 1 << 16)
            if not got:
                sys.exit(f"webio ended before {name}")
            self.rest += got

    def drain(self, limit):
        """What is there within so many seconds."""
        if select.select([self.process.stdout], [], [], limit)[0]:
            self.rest = (self.rest + os.read(self.process.stdout.fileno(), 1 << 20))[-(1 << 12):]

    def memory(self):
        """In MiB. What several processes share counts once: proc_pid_smaps(5)."""
        lines = [line for process in descendants(self.process.pid) for line in open(f"/proc/{process}/smaps_rollup")]
        return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Plain:
    """`ssh -R` with a session, which every provider asks for, and which is what makes it quick with new connections."""

    def __init__(self, relay, origin, prefix=()):
        begun = time.monotonic()
        self.process = subprocess.Popen(
            [*prefix, "ssh", "-F", "none", "-o", f"UserKnownHostsFile={relay.folder}/known", "-o", "StrictHostKeyChecking=yes", "-i",
             relay.folder / "user", "-p", str(relay.port), "-R", f"0:127.0.0.1:{origin}", relay.address.removeprefix("ssh://").rsplit(":", 1)[0],
             "echo; exec cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        said = b""
        while b"Allocated port" not in said or not said.endswith(b"\n"):
            said += os.read(self.process.stderr.fileno(), 4096)
        self.port = int(said.split(b"Allocated port ")[1].split()[0])
        os.read(self.process.stdout.fileno(), 16)
        self.ready = (time.monotonic() - begun) * 1000

    def drain(self, limit):
        time.sleep(limit)

    memory = WebIO.memory
    stop = WebIO.stop


def core_time(processes):
    """Seconds of processor time that they have used, to the nanosecond: clock_getcpuclockid(3)."""
    total = 0
    for process in processes:
        with contextlib.suppress(OSError):
            total += time.clock_gettime((~process << 3) | 2)
    return total


def core_times(makers, load, relay, server, rounds):
    """Where the processor's time goes in a request: with 128 connections at once, and in one after the other."""
    print(f"\n{'processor time, µs a request':40}{'client':>10}{'relay':>10}{'origin':>10}{'all':>10}{'ratio':>10}")
    base = {}
    for what, title, count in [("par", "128 connections", 20000), ("lat", "one connection", 1550)]:
        for name, make in makers.items():
            tunnel = make()
            groups = [[], [], []]
            for _ in range(rounds):
                def now():
                    return [core_time(descendants(tunnel.process.pid)), core_time(descendants(relay.process.pid)), core_time([server.pid])]
                stop_draining = drain_meanwhile(tunnel)
                before = now()
                subprocess.run([load, str(tunnel.port), what], capture_output=True, check=True)
                after = now()
                stop_draining()
                for group, (old, new) in zip(groups, zip(before, after)):
                    group.append((new - old) / count * 1e6)
            tunnel.stop()
            parts = [statistics.median(group) for group in groups]
            base.setdefault(what, sum(parts))
            print(f"{title + ', ' + name:40}" + "".join(f"{part:10.1f}" for part in parts) + f"{sum(parts):10.1f}{sum(parts) / base[what]:10.2f}")


def measure(makers, load, rounds):
    tunnels = {name: make() for name, make in makers.items()}
    results = {name: {} for name in makers}
    for what, *_ in MEASURES:
        for _ in range(rounds):
            for name, tunnel in tunnels.items():
                stop_draining = drain_meanwhile(tunnel)
                run = subprocess.run([load, str(tunnel.port), what], capture_output=True, text=True, timeout=120)
                stop_draining()
                if run.returncode != 0:
                    sys.exit(f"{name} {what}: {run.stderr}")
                results[name].setdefault(what, []).append(float(run.stdout))
    for name, tunnel in tunnels.items():
        tunnel.stop()
        tunnel = makers[name]()
        stop_draining = drain_meanwhile(tunnel)
        holder = subprocess.Popen([load, str(tunnel.port), "hold"], stdout=subprocess.PIPE)
        holder.stdout.readline()
        results[name]["memory"] = [tunnel.memory()]
        holder.kill()
        holder.wait()
        stop_draining()
        tunnel.stop()
    for name, make in makers.items():
        for _ in range(7):
            tunnel = make()
            results[name].setdefault("url", []).append(tunnel.ready)
            tunnel.stop()
    return {name: {what: statistics.median(values) for what, values in by.items()} for name, by in results.items()}


def drain_meanwhile(tunnel):
    """A pipe that nobody reads would hold webio back."""
    import threading
    over = threading.Event()

    def run():
        while not over.is_set():
            tunnel.drain(0.1)
    thread = threading.Thread(target=run)
    thread.start()

    def stop():
        over.set()
        thread.join()
    return stop


def report(results):
    base = results["ssh -R"]
    print(f"{'':40}{'ssh -R':>10}" + "".join(f"{name:>10}{'ratio':>7}{'goal':>7}" for name in results if name != "ssh -R"))
    for what, better, *goals in [("url", "less", 0.5, 0.5)] + MEASURES:
        row = f"{TITLES[what]:40}{base[what]:10.0f}"
        for goal, name in zip(goals, [name for name in results if name != "ssh -R"]):
            ratio = results[name][what] / base[what]
            met = ratio <= goal if better == "less" else ratio >= goal
            row += f"{results[name][what]:10.0f}{ratio:7.2f}{('≤' if better == 'less' else '≥') + str(goal) + (' ' if met else '!'):>7}"
        print(row)
    print(f"{'memory with 256 channels, MiB':40}{base['memory']:10.1f}" + "".join(f"{by['memory']:10.1f}{'':7}{'≤32':>7}" for name, by in results.items() if name != "ssh -R"))


def kills(relay, make, count):
    tunnel = make()
    times, memory = [], []
    for _ in range(count):
        relay.kill()
        tunnel.event("reconnecting", 20)
        memory.append(tunnel.memory())
        relay.start()
        begun = time.monotonic()
        tunnel.event("public", 20)
        times.append(time.monotonic() - begun)
    open_files = len(os.listdir(f"/proc/{tunnel.process.pid}/fd"))
    tunnel.stop()
    times.sort()
    print(f"{count} kills: back after p50 {times[len(times) // 2]:.2f} s, p99 {times[len(times) * 99 // 100]:.2f} s, at most {times[-1]:.2f} s;"
          f" within 2 s: {sum(t <= 2 for t in times)} of {count}; {open_files} descriptors at the end, memory {memory[0]:.1f} MiB then {memory[-1]:.1f} MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--webio", default=here.parent.parent.parent / ".build/release/webio")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="a comma-separated list of measures instead of all: " + ", ".join(m[0] for m in MEASURES))
    parser.add_argument("--cores", type=int, default=0)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--loss", type=int, default=0)
    options = parser.parse_args()
    # Ended like by Ctrl-C: the relay and the tunnels go too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="webio-bench-")))
        load = folder / "load"
        subprocess.run(["cc", "-O2", "-o", load, here / "load.c", "-lpthread"], check=True)
        origin = free_port()
        server = subprocess.Popen([load, "serve", str(origin)])
        stack.callback(server.kill)
        wait_for_port(origin)
        relay = Relay(folder)
        stack.callback(relay.kill)
        makers = {
            "ssh -R": lambda: Plain(relay, origin),
            "libssh2": lambda: WebIO(relay, origin, options.webio, "libssh2"),
            "ssh": lambda: WebIO(relay, origin, options.webio, "ssh"),
        }
        if options.rounds:
            if options.only:
                MEASURES[:] = [measure for measure in MEASURES if measure[0] in options.only.split(",")]
            report(measure(makers, load, options.rounds))
        if options.cores:
            core_times(makers, load, relay, server, options.cores)
        if options.loss:
            subprocess.run(["tc", "qdisc", "add", "dev", "lo", "root", "netem", "loss", f"{options.loss}%"], check=True)
            try:
                for name, make in makers.items():
                    tunnel = make()
                    stop_draining = drain_meanwhile(tunnel)
                    run = subprocess.run([load, str(tunnel.port), "lat"], capture_output=True, text=True, timeout=600)
                    stop_draining()
                    print(f"{options.loss} % loss: {name}: small request p50 {run.stdout.strip()} µs {run.stderr.strip()}")
                    tunnel.stop()
            finally:
                subprocess.run(["tc", "qdisc", "del", "dev", "lo", "root"], check=True)
        if options.kills:
            for name in ("libssh2", "ssh"):
                print(name, end=": ")
                kills(relay, makers[name], options.kills)


if __name__ == "__main__":
    main()
