#!/usr/bin/env python3
"""What `webio build` makes: its size, how fast it starts, and what it needs; run by hand on an idle machine.

  Tests/Benchmarks/standalone/standalone.py [--runs 20] [--webio PATH] [--json]

Builds the project that `webio new hello` writes twice, by `webio build` and as `webio run` does, which leaves Swift's runtime to the
toolchain. Each is started in an empty environment. Measured are, median and worst of the runs: from the start of the process until
the page has been answered, the processor time until then, and the resident memory after it. Beside it a PyWebIO app, where `python3`
can import PyWebIO.
"""
import argparse
import http.client
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

here = pathlib.Path(__file__).resolve().parent
root = here.parents[2]

PYWEBIO = """
import sys
from pywebio import start_server
from pywebio.input import input
from pywebio.output import put_text
def main():
    put_text("Hello, " + input("Your name?"))
start_server(main, port=int(sys.argv[1]), host="127.0.0.1")
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def answers(port):
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
        connection.request("GET", "/")
        answer = connection.getresponse()
        answer.read()
        return answer.status == 200
    except OSError:
        return False


def start_once(command, environment, port):
    begin = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, cwd="/")
    try:
        while not answers(port):
            if process.poll() is not None:
                sys.exit(f"{command[0]} ended with {process.returncode}")
            if time.perf_counter() - begin > 60:
                sys.exit(f"{command[0]} does not serve")
            time.sleep(0.0005)
        wall = time.perf_counter() - begin
        fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        pages = int(pathlib.Path(f"/proc/{process.pid}/statm").read_text().split()[1])
        return wall * 1e3, cpu * 1e3, pages * os.sysconf("SC_PAGESIZE") / 1e6
    finally:
        process.kill()
        process.wait()


def measure(name, make, size, runs):
    results = []
    for _ in range(runs):
        port = free_port()
        command, environment = make(port)
        results.append(start_once(command, environment, port))
    walls, cpus, memories = zip(*results)
    return {"name": name, "bytes": size, "startMedian": statistics.median(walls), "startWorst": max(walls),
            "processor": statistics.median(cpus), "memory": statistics.median(memories)}


def needed(executable):
    environment = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
    lines = subprocess.run(["ldd", executable], capture_output=True, text=True, env=environment).stdout.splitlines()
    return [line.split()[0] for line in lines]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--webio", default=str(root / ".build/release/webio"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not pathlib.Path(options.webio).exists():
        sys.exit(f"There is no {options.webio}. Build it: swift build -c release --product webio")
    with tempfile.TemporaryDirectory(prefix="webio-standalone-") as directory:
        project = pathlib.Path(directory) / "hello"
        run = dict(check=True, stdout=sys.stderr)
        subprocess.run([options.webio, "new", "hello", str(project), "--toolkit", str(root), "--no-git"], **run)
        subprocess.run([options.webio, "build", str(project)], **run)
        subprocess.run(["swift", "build", "-c", "release", "--product", "Hello", "--package-path", str(project)], **run)
        standalone = project / ".build/hello"
        linked = project / ".build/release/Hello"
        def webio(executable):
            return lambda port: ([str(executable)], {"WEBIO_PORT": str(port), "BROWSER": "none"})
        rows = [measure("webio build", webio(standalone), standalone.stat().st_size, options.runs),
                measure("runtime of the toolchain", webio(linked), linked.stat().st_size, options.runs)]
        libraries = needed(standalone)
        python = shutil.which("python3")
        if python and subprocess.run([python, "-c", "import pywebio"], capture_output=True).returncode == 0:
            script = pathlib.Path(directory) / "hello.py"
            script.write_text(PYWEBIO)
            rows.append(measure("PyWebIO", lambda port: ([python, str(script), str(port)], dict(os.environ)), None,
                                max(3, options.runs // 4)))
    if options.json:
        print(json.dumps({"rows": rows, "libraries": libraries}))
        return
    print(f"{'':26}{'size':>10}{'start':>11}{'worst':>11}{'processor':>11}{'memory':>10}")
    for row in rows:
        size = f"{row['bytes'] / 1e6:.1f} MB" if row["bytes"] else "-"
        print(f"{row['name']:26}{size:>10}{row['startMedian']:8.1f} ms{row['startWorst']:8.1f} ms"
              f"{row['processor']:8.0f} ms{row['memory']:7.1f} MB")
    print("\nIt needs of the system: " + ", ".join(libraries))


if __name__ == "__main__":
    main()
