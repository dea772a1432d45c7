#!/usr/bin/env python3
"""Sessions of a WebIO app beside PyWebIO's, in the same run; run by hand on an idle machine.

  swift build -c release --package-path Tests/Benchmarks/http/server
  Tests/Benchmarks/http/sessions.py [--idle 10000] [--rounds 3] [--app PATH] [--pywebio PYTHON]

The server runs on core 0, the clients on the other ones. Measured are the memory of an idle session (with what browsers
negotiate, permessage-deflate, and without), round trips of a button's callback over 50 sessions, and 20,000 putText to one
client. --pywebio is a python3 with pywebio; without one it does not take part. Rounds are interleaved and the best of each
counts, because a busy machine only ever makes things slower. Prints a table with the ratios.
"""
import argparse
import asyncio
import base64
import os
import pathlib
import re
import resource
import socket
import struct
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent

PYWEBIO = """
import sys
from pywebio import start_server
from pywebio.output import put_buttons, put_text
from pywebio.session import hold

async def index():
    put_text("Hello")
    await hold()

async def callback():
    async def pressed(value):
        put_text("pressed " + value)
    put_buttons(["press"], onclick=pressed)
    await hold()


async def flood():
    for number in range(20000):
        put_text("line %d" % number)
    put_text("END")
    await hold()

start_server({"index": index, "callback": callback, "flood": flood}, port=int(sys.argv[1]), host="127.0.0.1", cdn=False)
"""


def raise_limit():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Client(asyncio.Protocol):
    """A WebSocket that hands on each message, or each command of a numbered batch."""

    def __init__(self, on_message):
        self.on_message, self.buffer, self.is_open = on_message, bytearray(), False
        self.opened = asyncio.get_running_loop().create_future()

    @classmethod
    async def open(cls, port, app, on_message, deflate=False, numbered=False):
        loop = asyncio.get_running_loop()
        transport, client = await loop.create_connection(lambda: cls(on_message), "127.0.0.1", port)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.transport = transport
        query = f"app={app}&session=NEW" + ("&webio=1" if numbered else "")
        lines = [
            f"GET /?{query} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        ]
        if deflate:
            lines.append("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
        transport.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        await asyncio.wait_for(client.opened, 60)
        return client

    def data_received(self, data):
        buffer = self.buffer
        buffer += data
        if not self.is_open:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if not buffer.startswith(b"HTTP/1.1 101"):
                self.opened.set_exception(ConnectionError(bytes(buffer[:60])))
                return
            del buffer[:end + 4]
            self.is_open = True
            self.opened.set_result(None)
        position = 0
        while len(buffer) - position >= 2:
            opcode, length, head = buffer[position] & 15, buffer[position + 1] & 127, 2
            if length > 125:
                size = 2 if length == 126 else 8
                if len(buffer) - position < 2 + size:
                    break
                length, head = int.from_bytes(buffer[position + 2:position + 2 + size], "big"), 2 + size
            if len(buffer) - position < head + length:
                break
            payload = bytes(buffer[position + head:position + head + length])
            position += head + length
            if opcode == 9:
                self.send(payload, 10)
            elif opcode in (0, 1, 2):
                self.on_message(self, payload)
        del buffer[:position]

    def connection_lost(self, error):
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("closed"))

    def send(self, payload, opcode=1):
        count = len(payload)
        size = bytes([0x80 | count]) if count < 126 else bytes([0xFE]) + struct.pack(">H", count)
        self.transport.write(bytes([0x80 | opcode]) + size + b"\0\0\0\0" + payload)


class Server:
    def __init__(self, command, port):
        self.port = port
        self.process = subprocess.Popen(
            ["taskset", "-c", "0", *command, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=raise_limit)
        end = time.time() + 20
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                if time.time() > end or self.process.poll() is not None:
                    sys.exit(f"{command[0]} does not serve")
                time.sleep(0.05)

    def memory(self):
        """Kilobytes that are this process's own, and resident ones."""
        rollup = dict(line.split(":") for line in open(f"/proc/{self.process.pid}/smaps_rollup").read().splitlines()[1:])
        return int(rollup["Private_Dirty"].split()[0]), int(rollup["Rss"].split()[0])

    def seconds(self):
        """Processor time until now."""
        threads = pathlib.Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9

    def stop(self):
        self.process.kill()
        self.process.wait()


async def idle(server, count, deflate):
    """Bytes of resident memory for each of `count` sessions."""
    clients = []

    async def open_some(number):
        for _ in range(number):
            first = asyncio.get_running_loop().create_future()

            def got(client, message):
                # Compressed ones are not looked into.
                if (deflate or b'"output"' in message) and not first.done():
                    first.set_result(None)
            clients.append(await Client.open(server.port, "index", got, deflate, False))
            await asyncio.wait_for(first, 60)

    await open_some(100)
    await asyncio.sleep(1)
    before = server.memory()[1]
    await asyncio.gather(*[open_some(count // 8) for _ in range(8)])
    await asyncio.sleep(1)
    result = (server.memory()[1] - before) * 1024 / (count // 8 * 8)
    for client in clients:
        client.transport.abort()
    return result


def callback(server, per_core=False, count=50, seconds=3):
    """Round trips a second, or in each second of the server's processor time, with one press under way in each session.

    The clients are press.c's: Python itself takes about as long for a trip as the server does.
    """
    sockets, lines = [], []
    for _ in range(count):
        client = socket.create_connection(("127.0.0.1", server.port))
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(
            b"GET /?app=callback&session=NEW HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" % server.port)
        received = b""
        while not (found := re.search(rb'"callback_id":\s*"([^"]+)"', received)):
            received += client.recv(65_536)
        value = re.search(rb'"value":\s*("[^"]*"|\d+)', received)
        event = b'{"event":"callback","task_id":"%s","data":%s}' % (found[1], value[1] if value else b"0")
        time.sleep(0.01)
        try:
            client.recv(65_536, socket.MSG_DONTWAIT)
        except BlockingIOError:
            pass
        head = bytes([0x80 | len(event)]) if len(event) < 126 else b"\xfe" + struct.pack(">H", len(event))
        sockets.append(client)
        lines.append(f"{client.fileno()} {(b'%c' % 0x81 + head + bytes(4) + event).hex()}")
    clients = subprocess.Popen(
        [callback.program, str(seconds)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        pass_fds=[client.fileno() for client in sockets])
    clients.stdin.write("\n".join(lines))
    clients.stdin.close()
    clients.stdout.readline()
    used, start = server.seconds(), time.perf_counter()
    trips = int(clients.stdout.readline())
    return trips / (server.seconds() - used if per_core else time.perf_counter() - start)


async def flood(server, numbered):
    """Seconds from opening a session to the last of 20,001 outputs."""
    done = asyncio.get_running_loop().create_future()

    def got(client, message):
        if b"END" in message and not done.done():
            done.set_result(None)

    start = time.perf_counter()
    client = await Client.open(server.port, "flood", got, numbered=numbered)
    await asyncio.wait_for(done, 120)
    client.transport.abort()
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--idle", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--app", default=str(HERE / "server/.build/release/app"))
    parser.add_argument("--pywebio", metavar="PYTHON")
    options = parser.parse_args()
    os.sched_setaffinity(0, set(range(1, os.cpu_count())) or {0})
    raise_limit()
    directory = tempfile.TemporaryDirectory(prefix="webio-bench-")
    callback.program = f"{directory.name}/press"
    subprocess.run(["cc", "-O2", "-o", callback.program, HERE / "press.c"], check=True)
    script = tempfile.NamedTemporaryFile("w", suffix=".py")
    script.write(PYWEBIO)
    script.flush()
    tools = {"webio": [options.app]}
    if options.pywebio:
        tools["pywebio"] = [options.pywebio, script.name]

    measures = [
        ("idle session, bytes", lambda server: idle(server, options.idle, False), min),
        ("idle session with deflate, bytes", lambda server: idle(server, options.idle, True), min),
        ("callbacks over 50 sessions, a second", callback, max),
        ("callbacks in a second of the server's core", lambda server: callback(server, per_core=True), max),
        ("20,000 putText, seconds", lambda server: flood(server, False), min),
        ("20,000 putText to our own page, seconds", lambda server: flood(server, True), min),
    ]
    results = {}
    for number in range(options.rounds):
        for name, measure, best in measures:
            if number > 0 and name.startswith("idle"):
                continue
            for tool, command in tools.items():
                if tool == "pywebio" and "our own" in name:
                    continue
                server = Server(command, 18_080 + number % 100)
                try:
                    value = measure(server)
                    value = asyncio.run(value) if asyncio.iscoroutine(value) else value
                except Exception as error:
                    print(f"{tool}: {name}: {error!r}", file=sys.stderr)
                    continue
                finally:
                    server.stop()
                results[name, tool] = best(results.get((name, tool), value), value)
    for name, _, best in measures:
        ours, theirs = results.get((name, "webio")), results.get((name, "pywebio"))
        if "our own" in name:
            theirs = results.get(("20,000 putText, seconds", "pywebio"))
        line = f"{name:42} {ours:12,.2f}" if ours else f"{name:42} -"
        if ours and theirs:
            ratio = ours / theirs if best is max else theirs / ours
            line += f"   PyWebIO {theirs:12,.2f}   {ratio:.1f} times as good"
        print(line)


main()
