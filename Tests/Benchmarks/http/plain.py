#!/usr/bin/env python3
"""Plain HTTP beside nginx, in the same run; by hand, on an idle machine with nginx and wrk.

  swift build -c release --package-path Tests/Benchmarks/http/server
  Tests/Benchmarks/http/plain.py [--rounds 10] [--seconds 2] [--only NAME] [--peer NAME=COMMAND]... [--light] [--realtime]

The server runs on core 0, wrk with one thread and 64 connections on core 1. Rounds are interleaved. Of the rate and the cost
the best of each counts, since a busy machine only makes them worse; of the 99th percentiles the median. With --light the client
is load.c, which is faster than any of the servers: wrk is at its end before they are. A server that says hello takes part by --peer, with {port} in its command: --peer "hummingbird=./hello {port}".
--realtime (root's) lets nothing else of a busy machine in between, but for the 99th percentile, which then says nothing.
Also: memory of an idle keep-alive connection. Prints requests a second, the 99th percentile, and the ratio to nginx and
the peers.
"""
import argparse
import os
import pathlib
import re
import resource
import shlex
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent

NGINX = """
daemon off; worker_processes 1; pid %(dir)s/nginx.pid; error_log /dev/null;
events { worker_connections 16384; }
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; sendfile on; types { text/plain txt; }
  server {
    listen 127.0.0.1:%(port)d backlog=1024; default_type "text/plain; charset=utf-8";
    location / { return 200 "Hello, World!"; }
    location /static/ {
      alias %(dir)s/files/; add_header X-Content-Type-Options nosniff; add_header Cache-Control no-cache;
      add_header Vary Accept-Encoding;
    }
  }
}
"""


def raise_limit():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def light(server, path, seconds, connections=64):
    used = server.seconds()
    command = [*Server.scheduling, "taskset", "-c", "1", light.program, str(server.port), path, str(connections), str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{path} is not served: {done.stderr}")
    rate, p99 = map(float, done.stdout.split())
    return rate, p99, (server.seconds() - used) / (rate * seconds) * 1e6


class Server:
    #: What goes before each command.
    scheduling = []

    def __init__(self, command, port):
        self.port = port
        self.process = subprocess.Popen(
            [*self.scheduling, "taskset", "-c", "0", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=raise_limit)
        end = time.time() + 10
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                if time.time() > end or self.process.poll() is not None:
                    sys.exit(f"{command[0]} does not serve")
                time.sleep(0.05)

    def processes(self):
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid, *map(int, children)]

    def resident(self):
        total = 0
        for process in self.processes():
            text = pathlib.Path(f"/proc/{process}/smaps_rollup").read_text()
            total += int(re.search(r"Rss:\s+(\d+)", text)[1])
        return total * 1024

    def seconds(self):
        """Processor time until now."""
        threads = [thread for process in self.processes() for thread in pathlib.Path(f"/proc/{process}/task").iterdir()]
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(3)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def wrk(server, path, seconds, connections=64, closes=False):
    used = server.seconds()
    command = [*Server.scheduling, "taskset", "-c", "1", "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    if closes:
        command += ["-H", "Connection: close"]
    text = subprocess.run([*command, f"http://127.0.0.1:{server.port}{path}"], capture_output=True, text=True).stdout
    total = int(re.search(r"(\d+) requests in", text)[1])
    if "Non-2xx" in text or not total:
        sys.exit(f"{path} is not served:\n{text}")
    return (float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), milliseconds(re.search(r"\n +99% +([\d.]+[mu]?s)", text)[1]),
            (server.seconds() - used) / total * 1e6)


def idle_connections(server, count):
    request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"

    def open_some(number):
        sockets = []
        for _ in range(number):
            client = socket.create_connection(("127.0.0.1", server.port))
            client.sendall(request)
            client.recv(4_096)
            sockets.append(client)
        return sockets

    kept = open_some(200)
    before = server.resident()
    kept += open_some(count)
    time.sleep(1)
    return (server.resident() - before) / count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--idle", type=int, default=10_000)
    parser.add_argument("--plain", default=str(HERE / "server/.build/release/plain"))
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=COMMAND")
    parser.add_argument("--only")
    parser.add_argument("--light", action="store_true")
    parser.add_argument("--realtime", action="store_true")
    options = parser.parse_args()
    raise_limit()
    if options.realtime:
        Server.scheduling = ["chrt", "-f", "50"]
    os.sched_setaffinity(0, {1})
    directory = tempfile.mkdtemp(prefix="webio-bench-")
    os.mkdir(f"{directory}/files")
    pathlib.Path(f"{directory}/files/1k.txt").write_bytes(b"x" * 1_024)
    pathlib.Path(f"{directory}/nginx.conf").write_text(NGINX % {"dir": directory, "port": 18_301})
    os.chmod(directory, 0o755)
    if options.light:
        light.program = f"{directory}/load"
        subprocess.run(["cc", "-O2", "-o", light.program, HERE / "load.c"], check=True)
    # Once with a closure that answers on the event loop, once with one that may suspend.
    servers = {
        "webio": Server([options.plain, "18300", f"{directory}/files", "immediate"], 18_300),
        "webio async": Server([options.plain, "18303", f"{directory}/files"], 18_303),
    }
    if shutil.which("nginx"):
        servers["nginx"] = Server(["nginx", "-c", f"{directory}/nginx.conf"], 18_301)
    peers = dict(peer.split("=", 1) for peer in options.peer)
    for number, (name, command) in enumerate(peers.items()):
        port = 18_320 + number
        servers[name] = Server(shlex.split(command.replace("{port}", str(port))), port)
    try:
        rows = [("hello", "/", {}), ("static 1 KiB", "/static/1k.txt", {}), ("no keep-alive", "/", {"closes": True})]
        for row, path, extra in rows:
            if options.only and options.only not in row:
                continue
            best, p99s = {}, {}
            for _ in range(options.rounds):
                for name, server in servers.items():
                    if row.startswith("static") and name not in ("webio", "nginx"):
                        continue
                    measure = light if options.light and not extra else wrk
                    rate, p99, cost = measure(server, path, options.seconds, **extra)
                    before = best.get(name, (0, 1e9))
                    best[name] = (max(rate, before[0]), min(cost, before[1]))
                    p99s.setdefault(name, []).append(p99)
            for name, (rate, cost) in best.items():
                p99 = statistics.median(p99s[name])
                ratio = ""
                if not name.startswith("webio"):
                    ratio = f"  webio {best['webio'][0] / rate:.2f} times as many, {cost / best['webio'][1]:.2f} times by cost"
                print(f"{row:14} {name:12} {rate:10,.0f} requests/s   p99 {p99:6.2f} ms   {cost:5.1f} us of the core each{ratio}")
        if not options.only or "idle" in options.only:
            for name, server in servers.items():
                print(f"idle keep-alive connection, {name}: {idle_connections(server, options.idle if name == 'webio' else 2_000):,.0f} bytes")
    finally:
        for server in servers.values():
            server.stop()
        shutil.rmtree(directory)


main()
