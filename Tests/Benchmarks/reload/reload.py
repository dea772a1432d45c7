#!/usr/bin/env python3
"""From a save to the new text in a browser, beside other tools in one run; run by hand on an idle machine.

  swift build --product webio && Tests/Benchmarks/reload/reload.py [--saves 20] [--only NAME...] [--peers PYTHON] [--webio PATH]

What is measured, in headless Chromium, with nobody touching the page:
 - for each tool the seconds until a fresh project shows its first page, with an empty cache, and for WebIO those of a second one; and the milliseconds from close() of the saved file to the
   first frame with the new text: as WebIO's preview, and as the new program's own page; what the first page costs on the wire;
 - for WebIO the steps on the way: noticed, compiled, linked, ready, painted;
 - a 60-line app beside its floor, which is one swift-frontend call and one ld.lld link of that file, taken between the saves.

PyWebIO, Streamlit and NiceGUI take part when the Python at --peers can import them. Needs chromedriver and Chromium; nothing from
PyPI. The page notes the times itself, at the frame that shows a text, so that asking it does not slow it down. Prints tables, or one
JSON object a row with --json.
"""
import argparse
import base64
import http.client
import json
import os
import random
import re
import shlex
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

MARKER = "VERSION-000"

PYWEBIO = """from pywebio import start_server
from pywebio.output import put_text
from pywebio.session import hold

def main():
    put_text("VERSION-000")
    hold()

if __name__ == "__main__":
    start_server(main, port=%d, host="127.0.0.1", debug=True, cdn=False)
"""

STREAMLIT = """import streamlit as st
st.write("VERSION-000")
"""

NICEGUI = """from nicegui import ui
ui.label("VERSION-000")
ui.run(host="127.0.0.1", port=%d, reload=True, show=False)
"""

SIXTY_LINES = """import WebIO

struct Order: Sendable {
  var name: String
  var size: String
  var count: Int
  var toppings: [String]

  var price: Double {
    let base = size == "S" ? 6.5 : size == "M" ? 8.0 : 10.5
    return Double(count) * (base + 0.75 * Double(toppings.count))
  }
}

func check(_ name: String) -> String? {
  name.count < 2 ? "Your whole name, please" : nil
}

func order() async throws -> Order {
  let (name, size) = try await inputGroup(
    "Who and how large",
    .input("Your name", placeholder: "Ada", required: true, validate: check),
    .select("Size", options: [Option("Small", "S"), Option("Middle", "M"), Option("Large", "L")]))
  let count = try await input("How many?", type: .number, value: 1, validate: { $0 < 1 ? "At least one" : nil })
  let toppings = try await checkbox("Toppings", ["Olives", "Onions", "Basil"])
  return Order(name: name, size: size, count: count, toppings: toppings)
}

func show(_ order: Order) {
  putTable([
    ["What", "Value"],
    ["Name", .text(order.name)],
    ["Size", .text(order.size)],
    ["Count", .text("\\(order.count)")],
    ["Toppings", .text(order.toppings.joined(separator: ", "))],
  ])
  if order.price > 50 {
    putText("That is \\(order.price) in all: a large order.")
  } else {
    putText("That is \\(order.price) in all.")
  }
}

func pizza() async throws {
  putMarkdown("VERSION-000")
  putText("Order here, and we bake while you wait.")
  let order = try await order()
  show(order)
  switch try await actions("Is that right?", ["Yes", "No"]) {
  case "Yes":
    toast("Thank you, \\(order.name)", duration: 3)
    putButton("Another one") { try await pizza() }
  default:
    putText("Then we begin again.")
    try await pizza()
  }
}

try await startServer(pizza)
"""

# Notes when a version's text is first painted, as a preview or for good. Kept over reloads in the tab's storage.
WATCHER = """
(() => {
  const note = () => {
    const text = document.body?.innerText.match(/VERSION-\\d+/)?.[0];
    if (!text) return;
    const key = `${document.querySelector("[style*=dashed]") ? "preview" : "page"} ${text}`;
    if (key === note.last || sessionStorage[key]) return;
    note.last = key;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => { sessionStorage[key] = performance.timeOrigin + performance.now(); };
      channel.port2.postMessage(0);
    });
  };
  new MutationObserver(note).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
})();
"""


class Browser:
    """Headless Chromium through chromedriver, a fresh profile each."""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="webio-bench-")
        port = free_port()
        self.driver = subprocess.Popen(["chromedriver", f"--port={port}", "--log-level=OFF"], stdout=subprocess.DEVNULL)
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        wait_for(lambda: not refused(port), 20)
        arguments = [
            "--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server",
            "--window-size=1000,800", f"--user-data-dir={self.profile}",
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
        ] + (["--no-sandbox"] if os.getuid() == 0 else [])
        self.session = ""
        self.session = "/session/" + self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "pageLoadStrategy": "none", "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"performance": "ALL"}}}})["sessionId"]
        self.call("POST", "/goog/cdp/execute", {
            "cmd": "Page.addScriptToEvaluateOnNewDocument", "params": {"source": WATCHER}})

    def call(self, method, path, body=None):
        self.connection.request(method, self.session + path, json.dumps(body or {}) if method == "POST" else None)
        value = json.load(self.connection.getresponse())["value"]
        if isinstance(value, dict) and "error" in value:
            raise RuntimeError(value["message"])
        return value

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        try:
            return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})
        except RuntimeError:
            return None

    def shows(self, text):
        return self.run("return !!(document.body && document.body.innerText.includes(arguments[0]))", text)

    def painted(self, text, kind="page"):
        """When a version was first in a frame, in seconds since 1970."""
        value = self.run("return sessionStorage[arguments[0]] ?? null", f"{kind} {text}")
        return float(value) / 1000 if value else None

    def weight(self):
        """Bytes over the wire and requests, WebSocket messages included, since the last call."""
        size, requests, own = 0, 0, set()
        for entry in self.call("POST", "/se/log", {"type": "performance"}):
            message = json.loads(entry["message"])["message"]
            method, parameters = message["method"], message["params"]
            if method == "Network.requestWillBeSent":
                # Chromium's own first page may still be on its way.
                if parameters["request"]["url"].startswith("http"):
                    requests += 1
                    own.add(parameters["requestId"])
            elif method == "Network.webSocketCreated":
                requests += 1
            elif method == "Network.loadingFinished":
                size += parameters["encodedDataLength"] if parameters["requestId"] in own else 0
            elif method in ("Network.webSocketFrameReceived", "Network.webSocketFrameSent"):
                frame = parameters["response"]
                size += len(frame["payloadData"]) if frame["opcode"] == 1 else len(base64.b64decode(frame["payloadData"]))
        return size, requests

    def close(self):
        try:
            self.call("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()
            shutil.rmtree(self.profile, ignore_errors=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def refused(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def wait_for(look, limit, pause=0.003):
    """Seconds until `look` is true, or None after the limit."""
    started = time.perf_counter()
    while time.perf_counter() - started < limit:
        if look():
            return time.perf_counter() - started
        time.sleep(pause)
    return None


class Tool:
    """A project in a directory, the command that serves it, and the file that is saved."""

    def __init__(self, name, directory, file, command, events=False):
        self.name, self.directory, self.file, self.command, self.events = name, directory, file, command, events


def webio_tool(name, source=None):
    def make(options, directory, port):
        subprocess.run(
            [options.webio, "new", "hello", "app", "--no-git"], cwd=directory, check=True, stderr=subprocess.DEVNULL)
        file = os.path.join(directory, "app", "Sources", "main.swift")
        text = source or open(file).read().replace("# Hello!", MARKER)
        assert text.count(MARKER) == 1, "the template has changed"
        open(file, "w").write(text)
        command = [options.webio, "dev", "app", "--no-open", "--json", "--port", str(port)]
        return Tool(name, directory, file, command, events=True)
    return make


def python_tool(name, text, command):
    def make(options, directory, port):
        file = os.path.join(directory, "app.py")
        open(file, "w").write(text % port if "%d" in text else text)
        return Tool(name, directory, file, [options.peers, *(word.replace("PORT", str(port)) for word in command)])
    return make


TOOLS = {
    "webio": webio_tool("WebIO"),
    "webio60": webio_tool("WebIO, 60 lines", SIXTY_LINES),
    "pywebio": python_tool("PyWebIO", PYWEBIO, ["app.py"]),
    "streamlit": python_tool("Streamlit", STREAMLIT, [
        "-m", "streamlit", "run", "app.py", "--server.headless=true", "--server.runOnSave=true",
        "--browser.gatherUsageStats=false", "--server.port=PORT"]),
    "nicegui": python_tool("NiceGUI", NICEGUI, ["app.py"]),
}


class Events:
    """What `webio dev --json` says, with its times."""

    def __init__(self, stream):
        self.all = []
        threading.Thread(target=self.read, args=[stream], daemon=True).start()

    def read(self, stream):
        for line in stream:
            self.all.append(json.loads(line))

    def time(self, name, after):
        """Of the last event of that name since a moment, in seconds since 1970."""
        return next((e["time"] / 1000 for e in reversed(self.all) if e["event"] == name and e["time"] / 1000 >= after), None)


class Floor:
    """One swift-frontend call and one ld.lld link of the file, as fast as they go: against a WebIO that is a shared library."""

    def __init__(self, tool):
        project = os.path.join(tool.directory, "app")
        self.file = tool.file
        self.folder = os.path.join(tool.directory, "floor")
        os.mkdir(self.folder)
        products = os.path.join(project, ".build/webio-dev/debug")
        plan = open(os.path.join(project, ".build/webio-dev/debug.yaml")).read()
        driver = json.loads(re.search(r'"C\.App-[^"]*-debug\.module":.*?args: (\[.*?\])\n', plan, re.S)[1])
        imports = []
        for index, word in enumerate(driver):
            if word in ("-I", "-Xcc") and driver[index + 1] not in ("-g", "-fno-omit-frame-pointer"):
                imports += [word, driver[index + 1]]
        objects = [os.path.join(folder, name) for folder, _, names in os.walk(products) for name in names
                   if name.endswith(".o") and not name.endswith(".swiftmodule.o") and "/App.build" not in folder]
        library = os.path.join(self.folder, "libFloor.so")
        subprocess.run(["swiftc", "-emit-library", "-o", library, *objects, "-lz", "-use-ld=lld"], check=True)
        self.object, self.executable = os.path.join(self.folder, "main.o"), os.path.join(self.folder, "main")
        swiftc = ["swiftc", "-swift-version", "6", "-Onone", "-module-name", "App", *imports, self.file, "-o", self.executable,
                  "-L", self.folder, "-lFloor", "-Xlinker", "-rpath", "-Xlinker", self.folder, "-use-ld=lld"]
        jobs = [shlex.split(line) for line in subprocess.run(
            [*swiftc, "-###"], check=True, capture_output=True, text=True).stdout.splitlines() if line]
        compile = next(job for job in jobs if "-c" in job)
        self.compile = [*compile[:compile.index("-o")], "-o", self.object]
        subprocess.run(self.compile, check=True)
        extract = next(job for job in jobs if job[0].endswith("autolink-extract"))
        libraries = os.path.join(self.folder, "App.autolink")
        subprocess.run([extract[0], self.object, "-o", libraries], check=True)
        temporary = compile[compile.index("-o") + 1]
        link = [self.object if word == temporary else "@" + libraries if word.endswith(".autolink") else word for word in jobs[-1]]
        linker = subprocess.run([*link, "-###"], check=True, capture_output=True, text=True).stderr.splitlines()[-1]
        self.link = shlex.split(linker)
        self.times = []

    def take(self):
        """The file as it is now; the first time fills the caches."""
        started = time.perf_counter()
        subprocess.run(self.compile, check=True)
        compiled = time.perf_counter()
        subprocess.run(self.link, check=True)
        self.times.append((compiled - started, time.perf_counter() - compiled))

    @property
    def row(self):
        both = [a + b for a, b in self.times[1:]]
        return {"compile_ms": median(a for a, _ in self.times[1:]), "link_ms": median(b for _, b in self.times[1:]),
                "floor_ms": median(both), "floor_p95_ms": p95(both)}


def median(seconds):
    values = [value for value in seconds if value is not None]
    return round(statistics.median(values) * 1000) if values else None


def p95(seconds):
    values = sorted(value for value in seconds if value is not None)
    return round(values[max(0, -(-len(values) * 95 // 100) - 1)] * 1000) if values else None


def reload_until(browser, url, text, limit):
    """As a person would: presses reload until the text is there."""
    started = time.perf_counter()
    while time.perf_counter() - started < limit:
        try:
            browser.open(url)
        except RuntimeError:
            pass
        if wait_for(lambda: browser.painted(text), 0.6):
            return True
    return False


def start(tool):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    # A cache of its own, so that it knows no other project.
    environment["XDG_CACHE_HOME"] = os.path.join(tool.directory, "cache")
    return subprocess.Popen(
        tool.command, cwd=tool.directory, env=environment, start_new_session=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if tool.events else subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def stop(server):
    try:
        os.killpg(server.pid, signal.SIGINT)
        server.wait(10)
    except (ProcessLookupError, subprocess.TimeoutExpired):
        pass
    try:
        os.killpg(server.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    server.wait()


def next_first_page(options, directory):
    """Seconds from `webio new` of a second project to its first page."""
    browser = Browser()
    port = free_port()
    started = time.perf_counter()
    subprocess.run(
        [options.webio, "new", "hello", "second", "--no-git"], cwd=directory, check=True, stderr=subprocess.DEVNULL)
    command = [options.webio, "dev", "second", "--no-open", "--port", str(port)]
    server = start(Tool("WebIO", directory, "", command))
    try:
        wait_for(lambda: not refused(port), 60)
        browser.open(f"http://127.0.0.1:{port}/")
        if wait_for(lambda: browser.shows("What is your name?"), 60) is None:
            raise SystemExit("the second project never shows its page")
        return round(time.perf_counter() - started, 1)
    finally:
        browser.close()
        stop(server)


def measure(tool, port, saves, has_floor):
    started = time.perf_counter()
    server = start(tool)
    events = Events(server.stdout) if tool.events else None
    browser = None
    result = {"tool": tool.name}
    try:
        if wait_for(lambda: not refused(port), 600) is None:
            raise SystemExit(f"{tool.name} does not serve")
        browser = Browser()
        url = f"http://127.0.0.1:{port}/"
        browser.open(url)
        if wait_for(lambda: browser.shows(MARKER), 600) is None:
            raise SystemExit(f"{tool.name} never shows its page")
        result["first_page_s"] = round(time.perf_counter() - started, 1)
        # Once more with nothing to build, and a moment for what follows the text.
        browser.close()
        browser = Browser()
        browser.open(url)
        wait_for(lambda: browser.shows(MARKER), 60)
        time.sleep(1)
        result["bytes"], result["requests"] = browser.weight()

        floor = Floor(tool) if has_floor else None
        original = open(tool.file).read()
        by_itself = True
        rows = []
        for number in range(1, saves + 1):
            if floor:
                floor.take()
            time.sleep(1 + random.random())  # a random phase against those that poll
            text = f"VERSION-{number:03}"
            with open(tool.file, "w") as file:
                file.write(original.replace(MARKER, text))
            saved = time.time()
            if by_itself and wait_for(lambda: browser.painted(text), 6 if number == 1 and not events else 60, 0.02) is None:
                by_itself = False
            if not by_itself and not reload_until(browser, url, text, 60):
                break
            row = {"painted": browser.painted(text) - saved}
            shown = browser.painted(text, "preview")
            row["preview"] = shown - saved if shown else None
            for step, name in [("noticed", "building"), ("compiled", "compiled"), ("linked", "built"), ("ready", "reloaded")]:
                moment = events.time(name, saved) if events else None
                row[step] = moment - saved if moment else None
            rows.append(row)
        result.update(saves=len(rows), by_itself=by_itself)
        steps = ["preview", "noticed", "compiled", "linked", "ready", "painted"]
        result.update({f"{step}_ms": median(row[step] for row in rows) for step in steps})
        result.update({f"{step}_p95_ms": p95(row[step] for row in rows) for step in steps})
        if floor:
            result.update(floor.row)
            result["times_floor"] = round(result["painted_ms"] / result["floor_ms"], 2)
    finally:
        if browser:
            browser.close()
        stop(server)
    return result


def show(title, results, columns):
    rows = [row for row in results if row.get(columns[1][1]) is not None]
    if not rows:
        return
    print(f"\n{title}")
    table = [[heading for heading, _ in columns]] + [
        ["-" if row.get(key) is None else "yes" if row[key] is True else "no" if row[key] is False else str(row[key])
         for _, key in columns] for row in rows]
    widths = [max(len(line[index]) for line in table) + 2 for index in range(len(columns))]
    for line in table:
        print("".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())


def main():
    top = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../.."))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saves", type=int, default=20)
    parser.add_argument("--only", nargs="+", choices=list(TOOLS), default=list(TOOLS))
    parser.add_argument("--peers", default=shutil.which("python3"), metavar="PYTHON")
    parser.add_argument("--webio", default=os.path.join(top, ".build/debug/webio"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    options.webio = os.path.abspath(options.webio)

    results = []
    for name in options.only:
        if not name.startswith("webio") and subprocess.run(
                [options.peers, "-c", f"import {name}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
            print(f"{name} is left out: {options.peers} cannot import it", file=sys.stderr)
            continue
        with tempfile.TemporaryDirectory(prefix="webio-bench-") as folder:
            port = free_port()
            tool = TOOLS[name](options, folder, port)
            results.append(measure(tool, port, options.saves, has_floor=name == "webio60"))
            if name == "webio":
                results[-1]["next_project_s"] = next_first_page(options, folder)
            if options.json:
                print(json.dumps(results[-1]), flush=True)
    if options.json:
        return
    show("save to the new text in a frame, ms", results, [
        ("tool", "tool"), ("shown", "painted_ms"), ("p95", "painted_p95_ms"), ("preview", "preview_ms"),
        ("p95", "preview_p95_ms"), ("by itself", "by_itself"), ("saves", "saves"), ("first page s", "first_page_s"),
        ("next project s", "next_project_s"),
        ("bytes", "bytes"), ("requests", "requests")])
    steps = ["noticed", "compiled", "linked", "ready", "painted"]
    show("steps, ms after the save: median", results, [("tool", "tool")] + [(step, f"{step}_ms") for step in steps])
    show("steps, ms after the save: p95", results, [("tool", "tool")] + [(step, f"{step}_p95_ms") for step in steps])
    show("beside the floor, ms", results, [
        ("tool", "tool"), ("compile", "compile_ms"), ("link", "link_ms"), ("floor", "floor_ms"), ("p95", "floor_p95_ms"),
        ("shown", "painted_ms"), ("times floor", "times_floor")])


if __name__ == "__main__":
    main()
