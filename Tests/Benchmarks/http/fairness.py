#!/usr/bin/env python3
"""What a normal client feels of slow and flooding ones, beside nginx; by hand.

  swift build -c release --package-path Tests/Benchmarks/http/server
  Tests/Benchmarks/http/fairness.py [--rounds 7] [--seconds 1] [--only NAME] [--realtime]

The server runs on core 0. A client on core 1 sends a request each millisecond, on one connection, and takes the time of each.
Rounds without and with the others alternate, so that what else the machine does falls on both; the others run on core 1 too,
but only in the time that the client leaves (SCHED_IDLE), and connect before their round is timed. Printed are the medians, over
the rounds, of the 50th and the 99th percentile, their ratio, and how many requests failed. --realtime (root's) keeps what else
a busy machine does out of it.

  slow heads     2,000 connections whose head or body drips on, a byte at a time
  slow readers   200 connections that asked for a megabyte and read nothing
  pipelining     8 connections that send requests as fast as they are taken
  connecting     4 clients that connect, ask once and close, again and again
  downloads      8 connections that load a megabyte again and again
  pings          8 WebSockets that send empty pings as fast as they are taken (not to nginx)
"""
import argparse
import base64
import ctypes
import os
import pathlib
import resource
import selectors
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LARGE = b"GET /static/large.bin HTTP/1.1\r\nHost: x\r\n\r\n"

NGINX = """
daemon off; worker_processes 1; pid %(dir)s/nginx.pid; error_log /dev/null;
events { worker_connections 16384; }
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; sendfile on;
  server {
    listen 127.0.0.1:%(port)d backlog=1024; default_type "text/plain; charset=utf-8";
    location / { return 200 "Hello, World!"; }
    location /static/ { alias %(dir)s/files/; }
  }
}
"""


def connect(port):
    client = socket.create_connection(("127.0.0.1", port), 5)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def slow_heads(port):
    starts = [b"GET / HTTP/1.1\r\nX: ", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", b"G"]
    clients = []
    for number in range(2_000):
        clients.append(connect(port))
        clients[-1].sendall(starts[number % 3])
        clients[-1].setblocking(False)
    yield
    while True:
        for client in clients:
            try:
                client.send(b"a")
            except OSError:
                pass
            time.sleep(0.0005)


def slow_readers(port):
    clients = [connect(port) for _ in range(200)]
    for client in clients:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.sendall(LARGE)
    yield
    time.sleep(1_000)


def flood(clients, batch):
    """Sends `batch` whenever it can be sent, and throws away what comes."""
    selector = selectors.DefaultSelector()
    rest = {}
    for client in clients:
        client.setblocking(False)
        selector.register(client, selectors.EVENT_READ | selectors.EVENT_WRITE)
        rest[client] = batch
    while True:
        for key, events in selector.select():
            client = key.fileobj
            try:
                if events & selectors.EVENT_READ:
                    client.recv(1 << 20)
                if events & selectors.EVENT_WRITE:
                    sent = client.send(rest[client])
                    rest[client] = rest[client][sent:] or batch
            except BlockingIOError:
                pass


def pipelining(port):
    clients = [connect(port) for _ in range(8)]
    yield
    flood(clients, REQUEST * 2_000)


def connecting(port):
    for _ in range(2):
        if os.fork() == 0:
            break
    yield
    while True:
        with connect(port) as client:
            client.sendall(REQUEST)
            client.recv(4_096)


def downloads(port):
    clients = [connect(port) for _ in range(8)]
    yield
    flood(clients, LARGE)


def pings(port):
    clients = [connect(port) for _ in range(8)]
    for client in clients:
        client.sendall(
            b"GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: %s\r\n\r\n" % base64.b64encode(os.urandom(16)))
        client.recv(4_096)
    yield
    flood(clients, b"\x89\x80\0\0\0\0" * 10_000)


OTHERS = {"slow heads": slow_heads, "slow readers": slow_readers, "pipelining": pipelining, "connecting": connecting,
          "downloads": downloads, "pings": pings}


class Attack:
    """The others, in processes of their own, which are ready when this returns."""

    def __init__(self, body, port):
        reading, writing = os.pipe()
        self.process = os.fork()
        if self.process == 0:
            os.setsid()
            # They outlive nothing, and take no time that the client wants.
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
            steps = body(port)
            next(steps)
            os.write(writing, b"!")
            try:
                next(steps)
            except Exception as error:
                print(f"the others stopped: {error!r}", file=sys.stderr)
            os._exit(0)
        os.close(writing)
        os.read(reading, 1)
        os.close(reading)

    def stop(self):
        os.killpg(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)


def percentiles(port, seconds):
    """Milliseconds at the middle and the 99th hundredth, and failures."""
    times, failed = [], 0
    client = connect(port)
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        try:
            client.sendall(REQUEST)
            if b"Hello" not in client.recv(4_096):
                raise ConnectionError("no answer")
        except OSError:
            failed += 1
            client = connect(port)
        times.append((time.perf_counter() - start) * 1_000)
        time.sleep(max(0, 0.001 - (time.perf_counter() - start)))
    client.close()
    times.sort()
    return times[len(times) // 2], times[len(times) * 99 // 100], failed


def start(command, port, scheduling):
    process = subprocess.Popen(
        [*scheduling, "taskset", "-c", "0", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process
        except OSError:
            time.sleep(0.05)
    sys.exit(f"{command[0]} does not serve")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--plain", default=str(HERE / "server/.build/release/plain"))
    parser.add_argument("--only", default="")
    parser.add_argument("--realtime", action="store_true")
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.sched_setaffinity(0, {1})
    scheduling = []
    if options.realtime:
        scheduling = ["chrt", "-f", "50"]
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(40))
    directory = tempfile.mkdtemp(prefix="webio-fairness-")
    os.mkdir(f"{directory}/files")
    pathlib.Path(f"{directory}/files/large.bin").write_bytes(os.urandom(1 << 20))
    pathlib.Path(f"{directory}/nginx.conf").write_text(NGINX % {"dir": directory, "port": 18_311})
    os.chmod(directory, 0o755)
    servers = {"webio": (18_310, start([options.plain, "18310", f"{directory}/files", "immediate"], 18_310, scheduling))}
    if shutil.which("nginx"):
        servers["nginx"] = (18_311, start(["nginx", "-c", f"{directory}/nginx.conf"], 18_311, scheduling))
    try:
        for name, body in OTHERS.items():
            if options.only not in name:
                continue
            for server, (port, _) in servers.items():
                if server == "nginx" and name == "pings":
                    continue
                alone, among, failed = [], [], 0
                for _ in range(options.rounds):
                    alone.append(percentiles(port, options.seconds))
                    attack = Attack(body, port)
                    try:
                        among.append(percentiles(port, options.seconds))
                    finally:
                        attack.stop()
                    failed += among[-1][2]
                    time.sleep(0.2)
                middle = [statistics.median(row[index] for row in rows) for rows in (alone, among) for index in (0, 1)]
                print(f"{name:13} {server:6} p50 {middle[0]:.2f} -> {middle[2]:.2f} ms   p99 {middle[1]:.2f} -> {middle[3]:.2f} ms: "
                      f"{middle[3] / middle[1]:.1f} times   {failed} failed", flush=True)
    finally:
        for _, process in servers.values():
            process.terminate()
            process.wait()
        shutil.rmtree(directory)


main()
