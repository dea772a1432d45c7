#!/usr/bin/env python3
"""`webio share` over a bad network: a namespace of its own, whose packets nftables drops. Needs root, sshd, nft and ip.

  network.py [--webio PATH] [--engine libssh2|ssh] [--size MIB] loss PERCENT     bytes both ways, with their hash
  network.py [--webio PATH] [--engine libssh2|ssh] cable SECONDS                 nothing passes for so long
  network.py [--webio PATH] [--engine libssh2|ssh] link SECONDS                  the interface is down for so long

Only packets between webio and the relay are touched. It prints one JSON line, and ends with 1 when bytes were lost or changed.
"""
import argparse
import contextlib
import hashlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here))
import tunnel  # noqa: E402

BLOCK = bytes(range(256)) * 256


def piece(number):
    """64 KiB that differ from place to place."""
    return number.to_bytes(8, "big") + BLOCK[8:]


def origin(port):
    """GET: so many pieces; POST: the hash of what came; an upgrade: an echo."""
    listener = socket.create_server(("127.0.0.1", port), backlog=512)

    def serve(connection):
        stream = connection.makefile("rb", 1 << 16)
        while line := stream.readline():
            method, target, _ = line.decode().split(" ")
            fields = {}
            while (field := stream.readline().decode().rstrip("\r\n")):
                name, value = field.split(": ", 1)
                fields[name.lower()] = value
            if "upgrade" in fields:
                connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
                while got := stream.read1(1 << 16):
                    connection.sendall(got)
                return
            if method == "POST":
                left, digest = int(fields["content-length"]), hashlib.sha256()
                while left:
                    got = stream.read(min(left, 1 << 16))
                    left -= len(got)
                    digest.update(got)
                body = digest.hexdigest().encode()
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            else:
                count = int(target.lstrip("/") or 0)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (count * len(BLOCK)))
                for number in range(count):
                    connection.sendall(piece(number))

    def accept():
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=serve, args=(connection,), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()


def ask(port, request, body=(), limit=900):
    with socket.create_connection(("127.0.0.1", port), timeout=limit) as connection:
        connection.sendall(request.encode())
        for part in body:
            connection.sendall(part)
        stream = connection.makefile("rb", 1 << 16)
        status = int(stream.readline().split()[1])
        length = 0
        while (field := stream.readline().rstrip()):
            if field.lower().startswith(b"content-length:"):
                length = int(field.split(b":")[1])
        digest, text = hashlib.sha256(), b""
        while length:
            got = stream.read1(min(length, 1 << 16))
            if not got:
                return status, "cut", text
            length -= len(got)
            digest.update(got)
            text = got if len(got) < 100 else b""
        return status, digest.hexdigest(), text


def rules(port, verdict):
    subprocess.run(["nft", "flush", "chain", "inet", "webio", "in"], check=True)
    if verdict:
        for side in ("dport", "sport"):
            subprocess.run(["nft", "add", "rule", "inet", "webio", "in", "tcp", side, str(port), *verdict.split()], check=True)


def loss(options, webio, relay):
    count = options.size * 16
    expected = hashlib.sha256()
    for number in range(count):
        expected.update(piece(number))
    expected = expected.hexdigest()
    rules(relay.port, f"numgen random mod 100 < {options.amount} drop")
    # A visitor of another kind meanwhile: how long does an echo take beside a transfer?
    delays, over = [], threading.Event()

    def echo():
        with socket.create_connection(("127.0.0.1", webio.port), timeout=120) as connection:
            connection.sendall(b"GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
            stream = connection.makefile("rb", 0)
            while stream.readline().strip():
                pass
            while not over.wait(0.05):
                begun = time.monotonic()
                connection.sendall(b"x")
                stream.read(1)
                delays.append(time.monotonic() - begun)
    thread = threading.Thread(target=echo)
    thread.start()
    begun = time.monotonic()
    status, down, _ = ask(webio.port, f"GET /{count} HTTP/1.1\r\nHost: a\r\n\r\n")
    middle = time.monotonic()
    length = count * len(BLOCK)
    _, _, up = ask(webio.port, f"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n", (piece(n) for n in range(count)))
    end = time.monotonic()
    over.set()
    thread.join()
    delays.sort()
    dropped = subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True).stdout
    return {
        "status": status, "down": down == expected, "up": up.decode() == expected, "MiB": options.size,
        "downSeconds": round(middle - begun, 1), "upSeconds": round(end - middle, 1), "memoryMiB": round(webio.memory(), 1),
        "echoP50": round(delays[len(delays) // 2], 3), "echoMax": round(delays[-1], 3), "echoes": len(delays),
        "isLossy": "numgen" in dropped,
    }


def outage(options, webio, relay, begin, end):
    assert ask(webio.port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", limit=10)[0] == 200
    cut = time.monotonic()
    begin()
    noticed = None
    while time.monotonic() - cut < options.amount:
        event = next_event(webio, options.amount - (time.monotonic() - cut))
        if event and event["event"] == "reconnecting" and noticed is None:
            noticed = time.monotonic() - cut
    end()
    back = time.monotonic()
    while True:
        with contextlib.suppress(OSError, IndexError, ValueError):
            if ask(webio.port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", limit=1)[0] == 200:
                break
        assert time.monotonic() - back < 60, "it does not come back"
    return {"outage": options.amount, "noticedAfter": noticed and round(noticed, 1), "backAfter": round(time.monotonic() - back, 2)}


def next_event(webio, limit):
    import select
    if b"\n" not in webio.rest:
        if not select.select([webio.process.stdout], [], [], max(0, limit))[0]:
            return None
        webio.rest += os.read(webio.process.stdout.fileno(), 1 << 16)
    line, _, webio.rest = webio.rest.partition(b"\n")
    return json.loads(line) if line else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--webio", default=here.parent.parent.parent / ".build/release/webio")
    parser.add_argument("--engine", default="libssh2")
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("what", choices=["loss", "cable", "link"])
    parser.add_argument("amount", type=int)
    options = parser.parse_args()
    if not os.environ.get("WEBIO_NETWORK_NAMESPACE"):
        os.environ["WEBIO_NETWORK_NAMESPACE"] = "1"
        os.execvp("unshare", ["unshare", "-n", sys.executable, *sys.argv])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["nft", "add table inet webio; add chain inet webio in { type filter hook input priority 0; }"], check=True)
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="webio-network-")))
        port = tunnel.free_port()
        origin(port)
        relay = tunnel.Relay(folder)
        stack.callback(relay.kill)
        webio = tunnel.WebIO(relay, port, options.webio, options.engine)
        stack.callback(webio.stop)
        if options.what == "loss":
            stop_draining = tunnel.drain_meanwhile(webio)
            result = loss(options, webio, relay)
            stop_draining()
        elif options.what == "cable":
            result = outage(options, webio, relay, lambda: rules(relay.port, "drop"), lambda: rules(relay.port, ""))
        else:
            result = outage(
                options, webio, relay, lambda: subprocess.run(["ip", "link", "set", "lo", "down"], check=True),
                lambda: subprocess.run(["ip", "link", "set", "lo", "up"], check=True))
        rules(relay.port, "")
    print(json.dumps({"what": options.what, "amount": options.amount, "engine": options.engine, **result}))
    if options.what == "loss" and not (result["down"] and result["up"] and result["isLossy"]):
        sys.exit(1)


main()
