#!/usr/bin/env python3
"""`webio share` over a bad network: webio and the relay in namespaces of their own, with a cable between them whose packets
nftables drops. Needs root, sshd, nft, ip and tc.

  network.py loss PERCENT        bytes both ways, with their hash, and echoes beside them
  network.py cable SECONDS       nothing passes for so long
  network.py link SECONDS        webio's interface is down for so long
  network.py address SECONDS     webio's address is gone for so long, and then it has another one
  network.py stop SECONDS        webio stands still for so long, as on a machine that sleeps (SIGSTOP)
  network.py freeze SECONDS      the relay stands still for so long

  --webio PATH --engine libssh2|ssh|plain --size MIB --sockets N --mtu BYTES --rate RATE

The engine `plain` is `ssh -R`, for `loss` only. Packets are large by default, so that 100 MiB are soon through; --mtu 1500 is what
a real path has, and --rate 1mbit a slow one. Only packets between webio and the relay are touched. It prints one JSON line, and
ends with 1 when bytes were lost or changed.
"""
import argparse
import contextlib
import hashlib
import json
import os
import pathlib
import signal
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


class Cable:
    """Two network namespaces, this process's with the relay's end and another one with webio's."""
    relay = "10.9.0.1"
    own = "10.9.0.2"

    def __init__(self, options):
        self.holder = subprocess.Popen(["unshare", "-n", "sleep", "infinity"], start_new_session=True)
        while os.readlink(f"/proc/{self.holder.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
            time.sleep(0.01)
        self.inside = ["nsenter", "-t", str(self.holder.pid), "-n"]
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        subprocess.run([*self.inside, "ip", "link", "set", "lo", "up"], check=True)
        packets = ["gso_max_segs", "1"] if options.mtu < 9000 else []
        subprocess.run(["ip", "link", "add", "cable", "mtu", str(options.mtu), *packets, "type", "veth", "peer", "name", "cable",
                        "mtu", str(options.mtu), *packets, "netns", str(self.holder.pid)], check=True)
        self.where = [([], self.relay, "dport"), (self.inside, self.own, "sport")]
        for prefix, address, _ in self.where:
            for command in (f"ip address add {address}/24 dev cable", "ip link set cable up",
                            "nft add table inet webio", "nft add chain inet webio in { type filter hook input priority 0; }"):
                subprocess.run([*prefix, *command.split()], check=True)
            if options.rate:
                subprocess.run([*prefix, "tc", "qdisc", "add", "dev", "cable", "root", "tbf", "rate", options.rate, "burst", "16k",
                                "latency", "100ms"], check=True)

    def rules(self, port, verdict):
        for prefix, _, side in self.where:
            subprocess.run([*prefix, "nft", "flush", "chain", "inet", "webio", "in"], check=True)
            if verdict:
                subprocess.run([*prefix, "nft", "add", "rule", "inet", "webio", "in", "tcp", side, str(port), *verdict.split()], check=True)

    def set_link(self, state):
        subprocess.run([*self.inside, "ip", "link", "set", "cable", state], check=True)

    def address(self, verb, address):
        subprocess.run([*self.inside, "ip", "address", verb, f"{address}/24", "dev", "cable"], check=True)


def loss(options, webio, relay, cable):
    count = options.size * 16
    expected = hashlib.sha256()
    for number in range(count):
        expected.update(piece(number))
    expected = expected.hexdigest()
    cable.rules(relay.port, f"numgen random mod 100 < {options.amount} drop")
    # Visitors of another kind meanwhile: how long does an echo take beside a transfer?
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
                delays.append((begun, time.monotonic() - begun))
    threads = [threading.Thread(target=echo) for _ in range(options.sockets)]
    for thread in threads:
        thread.start()
    begun = time.monotonic()
    status, down, _ = ask(webio.port, f"GET /{count} HTTP/1.1\r\nHost: a\r\n\r\n")
    middle = time.monotonic()
    length = count * len(BLOCK)
    _, _, up = ask(webio.port, f"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n", (piece(n) for n in range(count)))
    end = time.monotonic()
    over.set()
    for thread in threads:
        thread.join()

    def echoes(first, last):
        """Seconds beside one of the transfers."""
        own = sorted(delay for start, delay in delays if first <= start < last) or [0]
        return {"p50": round(own[len(own) // 2], 3), "p99": round(own[len(own) * 99 // 100], 3), "max": round(own[-1], 3),
                "count": len(own), "over1": sum(delay > 1 for delay in own)}
    dropped = subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True).stdout
    return {
        "status": status, "down": down == expected, "up": up.decode() == expected, "MiB": options.size,
        "downSeconds": round(middle - begun, 1), "upSeconds": round(end - middle, 1), "memoryMiB": round(webio.memory(), 1),
        "echoesDown": echoes(begun, middle), "echoesUp": echoes(middle, end), "isLossy": "numgen" in dropped,
    }


def outage(options, webio, relay, begin, end):
    def answers(limit):
        with contextlib.suppress(OSError, IndexError, ValueError):
            return ask(webio.port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", limit=limit)[0] == 200

    start = time.monotonic()
    while not answers(10):
        assert time.monotonic() - start < 60, "it does not begin"
    cut = time.monotonic()
    begin()
    noticed = None
    while time.monotonic() - cut < options.amount:
        event = next_event(webio, options.amount - (time.monotonic() - cut))
        if event and event["event"] == "reconnecting" and noticed is None:
            noticed = time.monotonic() - cut
    end()
    back, port = time.monotonic(), webio.port
    while not answers(1):
        while event := next_event(webio, 0):
            if event["event"] == "public":
                webio.port = int(event["url"].rsplit(":", 1)[1])
        assert time.monotonic() - back < 120, "it does not come back"
    return {"outage": options.amount, "noticedAfter": noticed and round(noticed, 1), "backAfter": round(time.monotonic() - back, 2),
            "isSameAddress": webio.port == port}


def next_event(webio, limit):
    import select
    if b"\n" not in webio.rest:
        if not select.select([webio.process.stdout], [], [], max(0, limit))[0]:
            return None
        webio.rest += os.read(webio.process.stdout.fileno(), 1 << 16)
    line, _, webio.rest = webio.rest.partition(b"\n")
    return json.loads(line) if line else None


def signalled(processes, signal):
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--webio", default=here.parent.parent.parent / ".build/release/webio")
    parser.add_argument("--engine", default="libssh2")
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--sockets", type=int, default=1)
    parser.add_argument("--mtu", type=int, default=65535)
    parser.add_argument("--rate")
    parser.add_argument("what", choices=["loss", "cable", "link", "address", "stop", "freeze", "origin"])
    parser.add_argument("amount", type=int)
    options = parser.parse_args()
    if options.what == "origin":
        origin(options.amount)
        return signal.pause()
    if not os.environ.get("WEBIO_NETWORK_NAMESPACE"):
        os.environ["WEBIO_NETWORK_NAMESPACE"] = "1"
        os.execvp("unshare", ["unshare", "-n", sys.executable, *sys.argv])
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="webio-network-")))
        cable = Cable(options)
        stack.callback(cable.holder.kill)
        port = tunnel.free_port()
        server = subprocess.Popen([*cable.inside, sys.executable, __file__, "origin", str(port)])
        stack.callback(server.kill)
        relay = tunnel.Relay(folder, cable.relay)
        stack.callback(relay.kill)
        if options.engine == "plain":
            webio = tunnel.Plain(relay, port, cable.inside)
        else:
            webio = tunnel.WebIO(relay, port, options.webio, options.engine, cable.inside)
        stack.callback(webio.stop)
        result = measure(options, webio, relay, cable)
        cable.rules(relay.port, "")
    print(json.dumps({"what": options.what, "amount": options.amount, "engine": options.engine, **result}))
    if options.what == "loss" and not (result["down"] and result["up"] and result["isLossy"]):
        sys.exit(1)


def measure(options, webio, relay, cable):
    if options.what == "loss":
        stop_draining = tunnel.drain_meanwhile(webio)
        result = loss(options, webio, relay, cable)
        stop_draining()
        return result
    asleep = tunnel.descendants(webio.process.pid)
    frozen = tunnel.descendants(relay.process.pid)
    begin, end = {
        "cable": (lambda: cable.rules(relay.port, "drop"), lambda: cable.rules(relay.port, "")),
        "link": (lambda: cable.set_link("down"), lambda: cable.set_link("up")),
        "address": (lambda: cable.address("del", cable.own), lambda: cable.address("add", "10.9.0.3")),
        "stop": (lambda: signalled(asleep, signal.SIGSTOP), lambda: signalled(asleep, signal.SIGCONT)),
        "freeze": (lambda: signalled(frozen, signal.SIGSTOP), lambda: signalled(frozen, signal.SIGCONT)),
    }[options.what]
    return outage(options, webio, relay, begin, end)


if __name__ == "__main__":
    main()
