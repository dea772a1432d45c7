#!/usr/bin/env python3
"""How many of CommonMark's published examples the page's renderer gets right, in headless Chromium.

  score.py EXAMPLES.json     a list of {"example", "section", "markdown", "html"}, as spec.commonmark.org publishes it
Lists the failures and exits 1 below 95 %.
"""
import argparse
import functools
import html
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

frontend = Path(__file__).resolve().parent.parent


class Files(http.server.SimpleHTTPRequestHandler):
    """The page's files, and the examples beside them."""

    examples = b""

    def do_GET(self):
        if self.path != "/examples.json":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(self.examples)))
        self.end_headers()
        self.wfile.write(self.examples)

    def log_message(self, *_):
        pass


def run_page(port):
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not browser:
        sys.exit("There is no Chromium in PATH.")
    with tempfile.TemporaryDirectory(prefix="webio-score.") as profile:
        command = [browser, "--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--no-proxy-server",
                   f"--user-data-dir={profile}", "--virtual-time-budget=60000", "--dump-dom",
                   f"http://127.0.0.1:{port}/tests/score.html?examples=/examples.json"]
        if os.geteuid() == 0:
            command.insert(1, "--no-sandbox")
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("examples", type=Path)
    Files.examples = parser.parse_args().examples.read_bytes()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=frontend)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        document = run_page(server.server_port)
        server.shutdown()
    found = re.search(r'<pre id="result">(.*?)</pre>', document, flags=re.S)
    if not found or not found[1].strip():
        sys.exit(f"The page gave no result:\n{document[:2000]}")
    result = json.loads(html.unescape(found[1]))
    for failure in result["failures"]:
        print(f'example {failure["example"]} ({failure["section"]})')
        for key in ("markdown", "expected", "actual"):
            print(f"  {key:9}{failure[key]!r}")
    share = result["passed"] / result["total"]
    print(f'{result["passed"]} of {result["total"]} examples: {share:.2%}')
    return 0 if share >= 0.95 else 1


if __name__ == "__main__":
    sys.exit(main())
