#!/usr/bin/env python3
"""What `webio dev` bears: run by hand, it takes minutes.

  swift build && Tests/Benchmarks/dev/endurance.py [--webio PATH] [--saves 1000] [--pages 20] [--rate 50] [--kills 50] [--only saves|kills|apps]

saves  many saves under requests and open pages, which exchange their sessions as dev.js does, and one page in Chromium: no request
       fails, each page gets its session back once for each build, with its answer, and memory, descriptors, watches and processes
       are afterwards where they were
kills  SIGKILL of `webio` at random moments of each stage, from its start to a page that is served anew: one second later none of its
       processes is left, and the next start works
apps   an app that ignores SIGTERM and forks, prints a gigabyte, loops at its start, or crashes there: `webio dev` outlives it and
       serves the next save
Python's standard library only, and chromedriver with Chromium for the one page. Prints what it found, and ends with 1 when something is not so.
"""
import argparse
import base64
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../reload"))
import reload

failures = []


def check(holds, what):
    print(("  ok    " if holds else "  FAIL  ") + what, flush=True)
    if not holds:
        failures.append(what)


class Project:
    def __init__(self, webio):
        self.folder = tempfile.mkdtemp(prefix="webio-endurance-")
        subprocess.run([webio, "new", "hello", "app", "--no-git"], cwd=self.folder, check=True, capture_output=True)
        self.path = f"{self.folder}/app"
        self.main = f"{self.path}/Sources/main.swift"
        self.source = open(self.main).read()

    def save(self, text):
        with open(self.main + ".new", "w") as file:
            file.write(text)
        os.rename(self.main + ".new", self.main)

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Dev:
    """A running `webio dev --json`, found again by a mark in the environment of all that it starts."""

    def __init__(self, webio, project, stderr=subprocess.DEVNULL):
        self.mark = f"ENDURANCE_MARK={random.getrandbits(64):x}"
        name, value = self.mark.split("=")
        environment = {k: v for k, v in os.environ.items() if k not in ("CI",)} | {name: value, "BROWSER": "none"}
        self.process = subprocess.Popen(
            [webio, "dev", project.path, "--json", "--port", "0", "--no-open"], env=environment,
            stdout=subprocess.PIPE, stderr=stderr, stdin=subprocess.DEVNULL, start_new_session=True)
        self.events = []
        self.condition = threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            with self.condition:
                self.events.append(json.loads(line))
                self.condition.notify_all()

    def wait(self, name, after=0, limit=300):
        def found():
            return next((e for e in self.events[after:] if e["event"] == name), None)
        with self.condition:
            self.condition.wait_for(found, limit)
            event = found()
        if event is None:
            raise TimeoutError(f"no {name}: {self.events[-5:]}")
        return event

    def stage(self, after):
        """The last event that is one of the stages."""
        return next((e["event"] for e in reversed(self.events[after:]) if after and e["event"] in STAGES),
                    "ready" if any(e["event"] == "ready" for e in self.events) else "start")

    def ready(self):
        self.port = int(self.wait("ready")["url"].rsplit(":", 1)[1])
        return self.port

    def processes(self):
        """Living ones, zombies left out."""
        result = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                if self.mark.encode() in open(f"/proc/{entry}/environ", "rb").read().split(b"\0"):
                    if open(f"/proc/{entry}/stat").read().rsplit(")", 1)[1].split()[0] != "Z":
                        result.append(int(entry))
            except OSError:
                pass
        return result

    def resting_figures(self):
        """The least of a while: what a request under way has open is no leak."""
        samples = []
        for _ in range(40):
            samples.append(self.figures())
            time.sleep(0.05)
        return {name: min(sample[name] for sample in samples) for name in samples[0]}

    def figures(self):
        pid = self.process.pid
        rss = int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{pid}/status").read())[1])
        watches = 0
        for fd in os.listdir(f"/proc/{pid}/fdinfo"):
            try:
                watches += open(f"/proc/{pid}/fdinfo/{fd}").read().count("inotify wd:")
            except OSError:
                pass
        return {"memory KiB": rss, "descriptors": len(os.listdir(f"/proc/{pid}/fd")), "watches": watches,
                "processes": len(self.processes())}

    def stop(self):
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGINT)
        self.process.wait(20)


def get(port, path="/"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers={"Host": f"localhost:{port}"})
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    return response.status, body


class Socket:
    """The least of a WebSocket client that reads text."""

    def __init__(self, port, path):
        self.socket = socket.create_connection(("127.0.0.1", port), 20)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((
            f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nOrigin: http://localhost:{port}\r\nConnection: Upgrade\r\n"
            f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n").encode())
        self.file = self.socket.makefile("rb")
        status = self.file.readline()
        if b" 101 " not in status:
            raise ConnectionError(status)
        while self.file.readline().strip():
            pass
        self.socket.settimeout(None)

    def text(self):
        """The next message, or None at the end."""
        while True:
            head = self.file.read(2)
            if len(head) < 2 or head[0] & 15 == 8:
                return None
            length = head[1] & 127
            if length >= 126:
                length = int.from_bytes(self.file.read(2 if length == 126 else 8), "big")
            data = self.file.read(length)
            if head[0] & 15 == 9:
                mask = os.urandom(4)
                pong = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
                self.socket.sendall(bytes([0x8A, 0x80 | len(data)]) + mask + pong)
            if head[0] & 15 == 1:
                return data.decode()

    def send(self, message):
        data, mask = json.dumps(message).encode(), os.urandom(4)
        assert len(data) < 126 << 8
        length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
        self.socket.sendall(b"\x81" + length + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data)))

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()


class Session(threading.Thread):
    """A connection to a session, as of a page that was just loaded; `generation` is the build that it is to be of."""

    def __init__(self, port, id="NEW", generation=None):
        super().__init__(daemon=True)
        self.port, self.id, self.generation = port, id, generation
        self.commands, self.socket, self.error = [], None, None
        self.condition = threading.Condition()
        self.start()

    def run(self):
        query = f"app=index&session={self.id}&webio=1&page={random.getrandbits(60)}"
        if self.id != "NEW":
            query += "&received=0"
        if self.generation:
            query += f"&generation={self.generation}"
        try:
            self.socket = Socket(self.port, "/?" + query)
            while text := self.socket.text():
                frame = json.loads(text)
                with self.condition:
                    if isinstance(frame, list):
                        self.commands += [command for command in frame[1:] if command]
                    elif frame["command"] == "set_session_id":
                        self.id = frame["spec"]
                    self.condition.notify_all()
        except (OSError, ValueError) as error:
            self.error = error
        finally:
            with self.condition:
                self.condition.notify_all()

    def wait(self, command, limit=20):
        """The newest command of that name."""
        def found():
            return next((c for c in reversed(self.commands) if c["command"] == command), None)
        with self.condition:
            self.condition.wait_for(lambda: found() or self.error, limit)
            return found()

    def answer(self, value):
        form = self.wait("input_group")
        name = form["spec"]["inputs"][0]["name"]
        self.socket.send({"event": "from_submit", "task_id": form["task_id"], "data": {name: value}, "n": 1})

    def shows(self, words):
        return words in json.dumps(self.commands, ensure_ascii=False)

    def close(self):
        if self.socket:
            self.socket.close()


class Page(threading.Thread):
    """A tab: loads the page, answers the question, and exchanges its session when the dev socket tells of another build."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.exchanges, self.prepared, self.next, self.errors = port, 0, 0, None, []
        status, body = get(self.port)
        assert status == 200, status
        config = json.loads(re.search(r'id="webio-config"[^>]*>(.*?)</script>', body, re.S)[1])
        self.token, self.generation = config["devToken"], config["generation"]
        self.session = Session(port)
        self.session.answer("Ada")
        self.start()

    def exchange(self, generation):
        if self.next and self.next.generation == generation and not self.next.error:
            self.prepared += 1
        else:
            self.next = Session(self.port, self.session.id)
        report = self.next.wait("replayed")
        if report is None:
            self.errors.append(f"no session for {generation}: {self.next.error}")
        elif (report["spec"]["kept"], report["spec"]["total"]) != (1, 1) or not self.next.shows("Ada"):
            self.errors.append(f"the answer is not kept: {report['spec']}")
        self.session.close()
        self.session, self.next, self.generation = self.next, None, generation
        self.exchanges += 1

    def run(self):
        try:
            channel = Socket(self.port, f"/__webio/dev?token={self.token}")
            while text := channel.text():
                event = json.loads(text)
                if event["event"] == "compiled" and not (self.next and self.next.generation == event["generation"]):
                    if self.next:
                        self.next.close()
                    self.next = Session(self.port, self.session.id, event["generation"])
                if event["event"] in ("hello", "built") and event.get("generation") not in (None, 0, self.generation):
                    self.exchange(event["generation"])
        except Exception as error:
            self.errors.append(repr(error))


class Requests(threading.Thread):
    def __init__(self, port, rate):
        super().__init__(daemon=True)
        self.port, self.pause, self.done, self.failed, self.isOver, self.worst = port, 1 / rate, 0, [], False, 0
        self.start()

    def run(self):
        connection = None
        while not self.isOver:
            began = time.time()
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
                connection.request("GET", "/", headers={"Host": f"localhost:{self.port}"})
                response = connection.getresponse()
                if response.status != 200 or not response.read():
                    self.failed.append(str(response.status))
            except Exception as error:
                self.failed.append(repr(error))
                connection = None
            self.done += 1
            self.worst = max(self.worst, time.time() - began)
            time.sleep(max(0, self.pause - (time.time() - began)))


def saves(options):
    print(f"{options.saves} saves, {options.pages} pages, {options.rate} requests a second")
    project = Project(options.webio)
    dev = Dev(options.webio, project)
    browser = None
    try:
        port = dev.ready()
        pages = [Page(port) for _ in range(options.pages)]
        browser = reload.Browser()
        browser.open(f"http://localhost:{port}/")
        reload.wait_for(lambda: browser.run("return !!document.querySelector('form input')"), 60)
        browser.run("window.isStillHere = true; const field = document.querySelector('form input'); field.value = 'Ada'; "
                    "field.dispatchEvent(new Event('input', {bubbles: true})); document.querySelector('form').requestSubmit()")
        reload.wait_for(lambda: browser.shows("Ada"), 60)
        # The first reload makes what later ones reuse: plans, buffers, the second process.
        numbers = {}
        requests = [Requests(port, options.rate / 5) for _ in range(5)]
        begun, times = time.time(), []
        warm_up = min(20, options.saves // 4)
        for index in range(options.saves + warm_up):
            position, exchanges = len(dev.events), [page.exchanges for page in pages]
            project.save(project.source.replace("# Hello!", f"# Save {index}!"))
            times.append(dev.wait("reloaded", position)["ms"])
            deadline = time.time() + 20
            while any(page.exchanges <= before for page, before in zip(pages, exchanges)) and time.time() < deadline:
                time.sleep(0.002)
            extra = [page.exchanges - before for page, before in zip(pages, exchanges)]
            if extra != [1] * len(pages):
                check(False, f"save {index}: each page has one exchange: {extra}")
            if not all(page.session.shows(f"Save {index}!") for page in pages):
                check(False, f"save {index}: each page shows it")
            if reload.wait_for(lambda: browser.shows(f"Save {index}!"), 20) is None:
                check(False, f"save {index}: Chromium shows it")
            if times[-1] > 1_000:
                print(f"  save {index} took {times[-1]} ms: {[(e['event'], round(e['time'])) for e in dev.events[position:]]}")
            if index == warm_up - 1:
                time.sleep(4)
                numbers["before"] = dev.resting_figures()
        time.sleep(4)
        numbers["after"] = dev.resting_figures()
        for request in requests:
            request.isOver = True
        failed = [failure for request in requests for failure in request.failed]
        count, times = sum(request.done for request in requests), sorted(times)
        print(f"  {time.time() - begun:.0f} s; reload median {times[len(times) // 2]} ms, p95 {times[len(times) * 95 // 100]} ms; "
              f"{count} requests, the longest {max(r.worst for r in requests) * 1000:.0f} ms")
        print(f"  before {numbers['before']}\n  after  {numbers['after']}")
        check(not failed, f"no request failed ({len(failed)} of {count}) {failed[:3]}")
        check(not any(page.errors for page in pages), f"no page failed {[e for p in pages for e in p.errors][:3]}")
        builds = options.saves + warm_up
        check(all(page.exchanges == builds for page in pages), "each page has exchanged its session once for each build")
        ahead = sum(page.prepared for page in pages) / len(pages) / builds
        print(f"  {ahead:.0%} of the exchanges were prepared before the build served")
        check(browser.run("return window.isStillHere && document.body.innerText.includes('Ada')"),
              "the page in Chromium was never loaded again, and has its answer")
        for name in ("descriptors", "watches", "processes"):
            check(numbers["after"][name] <= numbers["before"][name], f"no more {name} than before")
        grown = numbers["after"]["memory KiB"] - numbers["before"]["memory KiB"]
        check(grown < 8192, f"memory has grown by {grown} KiB")
    finally:
        if browser:
            browser.close()
        dev.stop()
        project.remove()


# By the event after which `webio` is killed, and for how long at most the moment is put off.
STAGES = {"start": 3, "ready": 1, "building": 0.15, "compiled": 0.03, "built": 0.015, "reloaded": 1}


def kills(options):
    print(f"SIGKILL at {options.kills} random moments of {', '.join(STAGES)}")
    project = Project(options.webio)
    try:
        dev = Dev(options.webio, project)
        dev.ready()
        dev.stop()
        left, hit = 0, dict.fromkeys(STAGES, 0)
        for index in range(options.kills):
            dev = Dev(options.webio, project)
            stage = list(STAGES)[index % len(STAGES)]
            position = 0
            if stage != "start":
                dev.ready()
                page = Page(dev.port)
                # The compiler that waits for the next save is there then, sometimes.
                time.sleep(random.uniform(0, 3))
            if stage not in ("start", "ready"):
                position = len(dev.events)
                project.save(project.source.replace("# Hello!", f"# Kill {index}!"))
                dev.wait(stage, position)
            moment = random.uniform(0, STAGES[stage])
            time.sleep(moment)
            hit[dev.stage(position)] += 1
            os.kill(dev.process.pid, signal.SIGKILL)
            dev.process.wait()
            time.sleep(1)
            orphans = dev.processes()
            if orphans:
                left += 1
                names = [open(f"/proc/{p}/cmdline").read().replace("\0", " ")[:100] for p in orphans if os.path.exists(f"/proc/{p}")]
                check(False, f"kill {index}, {moment:.2f} s after {stage}, leaves {names}")
        check(left == 0, f"no orphan after one second; killed after {hit}")
        dev = Dev(options.webio, project)
        port = dev.ready()
        check(get(port)[0] == 200, "the next start works")
        dev.stop()
        time.sleep(1)
        check(not dev.processes(), f"and leaves nothing {dev.processes()}")
    finally:
        project.remove()


APPS = {
    "ignores SIGTERM and forks": (
        "import Glibc\nsignal(SIGTERM, SIG_IGN)\nvar child: pid_t = 0\n"
        'var words: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("1000"), nil]\n'
        'posix_spawn(&child, "/bin/sleep", nil, nil, &words, nil)\n', True),
    "prints a gigabyte": ('let line = String(repeating: "x", count: 1023)\nfor _ in 0..<(1 << 20) { print(line) }\n', True),
    "loops at its start": ("while CommandLine.argc > 0 {}\n", False),
    "crashes at its start": ('if CommandLine.argc > 0 { fatalError("no luck") }\n', False),
}


def apps(options):
    print("apps that do harm")
    project = Project(options.webio)
    dev = Dev(options.webio, project)
    try:
        port = dev.ready()
        generation = 1
        for name, (code, serves) in APPS.items():
            position = len(dev.events)
            began = time.time()
            project.save(code + project.source.replace("# Hello!", f"# {name}!"))
            if serves:
                dev.wait("reloaded", position, 120)
            else:
                dev.wait("built", position, 120)
                time.sleep(1)
            status = get(port)[0]
            position = len(dev.events)
            project.save(project.source.replace("# Hello!", f"# After {name}!"))
            dev.wait("reloaded", position, 120)
            time.sleep(3.5)
            figures = dev.figures()
            check(get(port)[0] == 200, f"{name}: meanwhile {status}, the next save serves ({time.time() - began:.1f} s) {figures}")
            # webio, the app, the compiler that waits for the next save, and the guards of the two.
            check(figures["processes"] <= 5, f"{name}: nothing of it is left {figures}")
            check(figures["memory KiB"] < 100_000, f"{name}: webio's memory is {figures['memory KiB']} KiB")
        began = time.time()
        dev.stop()
        time.sleep(1)
        check(not dev.processes(), f"the end after {time.time() - began:.1f} s leaves nothing")
    finally:
        if dev.process.poll() is None:
            dev.stop()
        project.remove()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--webio", default=os.path.join(os.path.dirname(__file__), "../../../.build/debug/webio"))
    parser.add_argument("--saves", type=int, default=1000)
    parser.add_argument("--pages", type=int, default=20)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--only", choices=["saves", "kills", "apps"])
    options = parser.parse_args()
    options.webio = os.path.abspath(options.webio)
    for name, run in (("apps", apps), ("kills", kills), ("saves", saves)):
        if options.only in (None, name):
            run(options)
    sys.exit(1 if failures else 0)


main()
