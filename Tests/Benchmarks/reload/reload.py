#!/usr/bin/env python3
"""From a save to the new text in a browser, beside what else is installed; run by hand on an idle machine.

  swift build --product webio && Tests/Benchmarks/reload/reload.py [--saves 20] [--only webio] [--webio PATH]

For each tool: seconds until a fresh project shows its first page (for WebIO with everything compiled on the way), milliseconds
from each save to the new text being visible in headless Chromium with nobody touching the page (median and 95th percentile),
and what the first page costs in bytes and requests. PyWebIO and Streamlit take part when `python3` can import them. Needs
chromedriver and Chromium; nothing from PyPI. Prints a table, and one JSON object for each tool with --json.
"""
import argparse
import base64
import http.client
import json
import os
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
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

    def call(self, method, path, body=None):
        self.connection.request(method, self.session + path, json.dumps(body or {}) if method == "POST" else None)
        value = json.load(self.connection.getresponse())["value"]
        if isinstance(value, dict) and "error" in value:
            raise RuntimeError(value["message"])
        return value

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    def shows(self, text):
        script = "return !!(document.body && document.body.innerText.includes(arguments[0]))"
        try:
            return self.call("POST", "/execute/sync", {"script": script, "args": [text]})
        except RuntimeError:
            return False

    def weight(self):
        """Bytes over the wire and requests, WebSocket messages included, since the last call."""
        size = requests = 0
        for entry in self.call("POST", "/se/log", {"type": "performance"}):
            message = json.loads(entry["message"])["message"]
            method, parameters = message["method"], message["params"]
            if method == "Network.requestWillBeSent":
                requests += parameters["request"]["url"].startswith("http")
            elif method == "Network.webSocketCreated":
                requests += 1
            elif method == "Network.loadingFinished":
                size += parameters["encodedDataLength"]
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

    def __init__(self, name, directory, file, command):
        self.name, self.directory, self.file, self.command = name, directory, file, command


def webio_tool(webio, directory, port):
    subprocess.run([webio, "new", "hello", "app", "--no-git"], cwd=directory, check=True, stderr=subprocess.DEVNULL)
    file = os.path.join(directory, "app", "Sources", "main.swift")
    text = open(file).read()
    assert "# Hello!" in text, "the template has changed"
    open(file, "w").write(text.replace("# Hello!", MARKER))
    return Tool("WebIO", directory, file, [webio, "dev", "app", "--no-open", "--port", str(port)])


def pywebio_tool(directory, port):
    file = os.path.join(directory, "app.py")
    open(file, "w").write(PYWEBIO % port)
    return Tool("PyWebIO", directory, file, ["python3", "app.py"])


def streamlit_tool(directory, port):
    file = os.path.join(directory, "app.py")
    open(file, "w").write(STREAMLIT)
    flags = ["--server.headless=true", "--server.runOnSave=true", "--browser.gatherUsageStats=false"]
    return Tool("Streamlit", directory, file, ["streamlit", "run", "app.py", f"--server.port={port}"] + flags)


def measure(tool, port, saves):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    server = subprocess.Popen(
        tool.command, cwd=tool.directory, env=environment, start_new_session=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
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

        original = open(tool.file).read()
        times = []
        for number in range(1, saves + 1):
            time.sleep(1 + random.random())  # a random phase against those that poll
            text = f"VERSION-{number:03}"
            with open(tool.file, "w") as file:
                file.write(original.replace(MARKER, text))
            seconds = wait_for(lambda: browser.shows(text), 60)
            if seconds is None:
                result["changes_by_itself"] = False
                break
            times.append(round(seconds * 1000))
        if times:
            times.sort()
            result.update(median_ms=statistics.median(times), p95_ms=times[max(0, -(-len(times) * 95 // 100) - 1)], saves=len(times))
    finally:
        if browser:
            browser.close()
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
    return result


def can_import(module):
    return subprocess.run(["python3", "-c", f"import {module}"], stderr=subprocess.DEVNULL).returncode == 0


def main():
    top = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../.."))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saves", type=int, default=20)
    parser.add_argument("--only", choices=["webio", "pywebio", "streamlit"])
    parser.add_argument("--webio", default=os.path.join(top, ".build/debug/webio"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()

    makers = {"webio": lambda folder, port: webio_tool(options.webio, folder, port)}
    if can_import("pywebio"):
        makers["pywebio"] = pywebio_tool
    if can_import("streamlit"):
        makers["streamlit"] = streamlit_tool
    results = []
    for name, make in makers.items():
        if options.only not in (None, name):
            continue
        with tempfile.TemporaryDirectory(prefix="webio-bench-") as folder:
            port = free_port()
            results.append(measure(make(folder, port), port, options.saves))
            if options.json:
                print(json.dumps(results[-1]), flush=True)
    if not options.json:
        columns = ["tool", "first_page_s", "median_ms", "p95_ms", "saves", "bytes", "requests"]
        for row in [dict(zip(columns, columns))] + results:
            print("".join(str(row.get(column, "-")).ljust(14) for column in columns))


if __name__ == "__main__":
    main()
