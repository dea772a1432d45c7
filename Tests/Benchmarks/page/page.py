#!/usr/bin/env python3
"""What the page does to a visitor's browser; run by hand on an idle machine.

  Tests/Benchmarks/page/page.py [--runs 5] [--json]

Builds the app beside this file for release and opens it in headless Chromium, a fresh profile each time. Measured are, median and
worst of the runs: bytes on the wire and requests of the hello page and its layout shift; how long 20,000 `putText` take from the click
to the last one shown, and the longest time between two frames meanwhile; the longest time between two frames while a table of 100,000 rows
is flung; how long a click on a column's title takes until the table is sorted and drawn. Needs chromedriver and Chromium.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys


here = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(here.parent / "reload"))
from reload import Browser, free_port, refused, wait_for  # noqa: E402

GAPS = """
window.gap = 0;
let last = performance.now();
const frame = (now) => { gap = Math.max(gap, now - last); last = now; requestAnimationFrame(frame); };
requestAnimationFrame(frame);
"""
SHIFT = """
window.shift = 0;
new PerformanceObserver((list) => { for (const entry of list.getEntries()) if (!entry.hadRecentInput) shift += entry.value; })
  .observe({ type: "layout-shift", buffered: true });
"""


def build():
    # SwiftPM sees files that are new in a path dependency only when its manifest is newer.
    (here.parents[2] / "Package.swift").touch()
    subprocess.run(["swift", "build", "-c", "release", "--package-path", here], check=True, stdout=sys.stderr)
    shown = subprocess.run(["swift", "build", "-c", "release", "--package-path", here, "--show-bin-path"],
                           check=True, capture_output=True, text=True)
    return pathlib.Path(shown.stdout.strip()) / "PageBenchmark"


def run(browser, script, *arguments):
    return browser.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})


def until(browser, script, limit=60):
    def look():
        try:
            return run(browser, f"return !!({script})")
        except RuntimeError:
            return False
    if wait_for(look, limit) is None:
        sys.exit(f"not within {limit} s: {script}")


def hello(url):
    browser = Browser()
    try:
        browser.call("POST", "/goog/cdp/execute", {"cmd": "Page.addScriptToEvaluateOnNewDocument", "params": {"source": SHIFT}})
        browser.open(f"{url}?app=hello")
        until(browser, "document.activeElement?.name === 'data'")
        sizes = run(browser, """return [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
            .map((entry) => entry.transferSize)""")
        return {"hello bytes": sum(sizes), "hello requests": len(sizes), "hello layout shift": run(browser, "return shift")}
    finally:
        browser.close()


def flood(url):
    browser = Browser()
    try:
        browser.open(f"{url}?app=flood")
        until(browser, "document.querySelector('#pywebio-scope-ROOT button')")
        run(browser, GAPS + """
            window.began = null;
            const root = document.getElementById("pywebio-scope-ROOT");
            new MutationObserver(() => { if (root.lastChild.innerText === "the end") window.took = performance.now() - began; }).observe(root, { childList: true });
            began = performance.now();
            root.querySelector("button").click();""")
        until(browser, "window.took")
        count = run(browser, "return document.getElementById('pywebio-scope-flood').childElementCount")
        assert count == 20_000, count
        # The last frame is still to come.
        until(browser, "performance.now() - began > took + 300")
        return {"20,000 putText ms": run(browser, "return took"), "20,000 putText longest frame ms": run(browser, "return gap")}
    finally:
        browser.close()


def table(url):
    browser = Browser()
    try:
        browser.open(f"{url}?app=table")
        until(browser, "/100,?000 rows/.test(document.querySelector('.w-datatable')?.innerText)")
        run(browser, GAPS + """
            const box = document.querySelector(".w-datatable .scroll");
            let frames = 0;
            const step = () => { box.scrollTop += 2000; frames += 1; if (frames < 120) requestAnimationFrame(step); else window.flung = true; };
            requestAnimationFrame(step);""")
        until(browser, "window.flung")
        gap = run(browser, "return gap")
        run(browser, """
            const title = [...document.querySelectorAll(".w-datatable .head button")].find((b) => b.innerText.trim() === "value");
            const start = performance.now();
            title.click();
            requestAnimationFrame(() => setTimeout(() => { window.sorted = performance.now() - start; }));""")
        until(browser, "window.sorted")
        return {"100,000 rows longest frame ms": gap, "100,000 rows sort ms": run(browser, "return sorted")}
    finally:
        browser.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    program = build()
    port = free_port()
    app = subprocess.Popen([program, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    figures = {}
    try:
        assert wait_for(lambda: not refused(port), 20) is not None, "the app does not listen"
        for _ in range(options.runs):
            for measure in (hello, flood, table):
                for name, value in measure(f"http://127.0.0.1:{port}/").items():
                    figures.setdefault(name, []).append(value)
    finally:
        app.terminate()
        app.wait()
    summary = {name: {"median": round(statistics.median(values), 3), "worst": round(max(values), 3)} for name, values in figures.items()}
    if options.json:
        print(json.dumps(summary))
        return
    for name, value in summary.items():
        print(f'{name:36}{value["median"]:>12,}{value["worst"]:>12,}')


if __name__ == "__main__":
    main()
