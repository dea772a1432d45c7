#!/usr/bin/env python3
"""What a visitor costs in each part of the way: the app, the proxy of `webio new cluster`, and the kernel; run by hand.

  swift build -c release --package-path Tests/Benchmarks/http/server
  Tests/Benchmarks/cluster/visitors.py [--visitors 4000] [--app PATH]

Opens idle WebSocket sessions of a hello app through HAProxy and nginx, with the template's own configurations over unix sockets, and
without a proxy. Memory is that of the processes (their own dirty pages) and of the kernel's slabs, for each visitor; then 50 sessions
press a button in turn for three seconds. Processor time is told for the start of a session and for a press. The client runs on the same machine, so the
kernel's share includes its end of each connection.
"""
import argparse
import base64
import os
import pathlib
import re
import resource
import select
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
DEPLOY = HERE.parent.parent.parent / "Templates/cluster/deploy"
PORT = 18_480


def configuration(name, state):
    text = (DEPLOY / name).read_text().replace("/run/{{name}}/", f"{state}/").replace("*:8080", f"127.0.0.1:{PORT}")
    (state / "open.conf").write_text(f"server unix:{state}/a.sock;\n")
    (state / "temporary").mkdir(exist_ok=True)
    path = state / name
    path.write_text(text)
    return path


def command(proxy, state):
    path = os.environ["PATH"] + ":/usr/sbin"
    if proxy == "haproxy":
        return ["env", f"PATH={path}", "haproxy", "-W", "-db", "-f", configuration("haproxy.cfg", state)]
    user = " user root;" if os.getuid() == 0 else ""
    return ["env", f"PATH={path}", "nginx", "-p", state, "-e", state / "nginx.log", "-c", configuration("nginx.conf", state),
            "-g", "daemon off;" + user]


def family(pid):
    """A process and its descendants."""
    pids = [pid]
    for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        pids += family(int(child))
    return pids


def memory(pid):
    rollup = "".join(open(f"/proc/{one}/smaps_rollup").read() for one in family(pid))
    return sum(int(kilobytes) for kilobytes in re.findall(r"Private_Dirty:\s+(\d+)", rollup)) * 1024


def slabs():
    return int(re.search(r"Slab:\s+(\d+)", open("/proc/meminfo").read())[1]) * 1024


def seconds(pid):
    total = 0
    for one in family(pid):
        columns = open(f"/proc/{one}/stat").read().rsplit(")", 1)[1].split()
        total += int(columns[11]) + int(columns[12])
    return total / os.sysconf("SC_CLK_TCK")


def visit(address, app):
    """A session of the app, once it has shown something."""
    kind = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    client = socket.socket(kind)
    client.settimeout(20)
    client.connect(address)
    key = base64.b64encode(os.urandom(16)).decode()
    client.sendall(
        f"GET /?app={app}&session=NEW HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
    received = b""
    while b'"output"' not in received:
        piece = client.recv(65_536)
        received += piece
        if not piece or not b"HTTP/1.1 101".startswith(received[:12]):
            raise OSError(f"no session: {received[:100]}")
    return client, received


def press(address, app, proxy, limit=3):
    """Processor time of the app and the proxy for each press, in microseconds, and presses a second."""
    poll, events = select.epoll(), {}
    for _ in range(50):
        client, received = visit(address, "callback")
        found = re.search(rb'"callback_id":\s*"([^"]+)"', received)
        value = re.search(rb'"value":\s*("[^"]*"|\d+)', received)
        event = b'{"event":"callback","task_id":"%s","data":%s}' % (found[1], value[1] if value else b"0")
        length = bytes([0x80 | len(event)]) if len(event) < 126 else b"\xfe" + len(event).to_bytes(2, "big")
        events[client.fileno()] = (client, b"\x81" + length + bytes(4) + event)
        poll.register(client, select.EPOLLIN)
    for client, event in events.values():
        client.sendall(event)
    before = seconds(app), seconds(proxy) if proxy else 0
    trips, start = 0, time.perf_counter()
    while time.perf_counter() - start < limit:
        for number, _ in poll.poll(1):
            client, event = events[number]
            if b"pressed" in client.recv(65_536):
                trips += 1
                client.sendall(event)
    took = time.perf_counter() - start
    used = seconds(app) - before[0], (seconds(proxy) if proxy else 0) - before[1]
    for client, _ in events.values():
        client.close()
    return used[0] / trips * 1e6, used[1] / trips * 1e6, trips / took


def measure(options, proxy):
    with tempfile.TemporaryDirectory() as folder:
        state = pathlib.Path(folder)
        path = str(state / "a.sock")
        environment = dict(os.environ, WEBIO_HOST=f"unix:{path}", WEBIO_INSTANCE="a")
        app = subprocess.Popen([options.app, "0"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        server = proxy and subprocess.Popen(
            command(proxy, state), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            address, end = ("127.0.0.1", PORT) if proxy else path, time.time() + 20
            while True:
                try:
                    warm = [visit(address, "index")[0] for _ in range(100)]
                    break
                except OSError as error:
                    if time.time() > end:
                        sys.exit(f"{proxy or 'the app'} does not serve: {error!r}")
                    time.sleep(0.2)
            time.sleep(1)
            before = memory(app.pid), memory(server.pid) if server else 0, slabs()
            used = seconds(app.pid), seconds(server.pid) if server else 0
            visitors = [visit(address, "index")[0] for _ in range(options.visitors)]
            used = seconds(app.pid) - used[0], (seconds(server.pid) if server else 0) - used[1]
            time.sleep(1)
            after = memory(app.pid), memory(server.pid) if server else 0, slabs()
            print(f"{proxy or 'no proxy':10}", *(
                f"{(new - old) / options.visitors:10,.0f}" for old, new in zip(before, after)), end="", flush=True)
            print("{:10.0f} {:10.0f}".format(*(time / options.visitors * 1e6 for time in used)), end=" ", flush=True)
            for client in warm + visitors:
                client.close()
            time.sleep(1)
            print("{:10.1f} {:10.1f} {:10,.0f}".format(*press(address, app.pid, server and server.pid)))
        finally:
            for process in filter(None, (server, app)):
                process.terminate()
                process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=4_000)
    parser.add_argument("--app", default=str(HERE.parent / "http/server/.build/release/app"))
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print("                 bytes of an idle visitor     microseconds: a start               a press")
    print("                  app      proxy     kernel       app      proxy        app      proxy  presses/s")
    for proxy in (None, "haproxy", "nginx"):
        measure(options, proxy)


main()
