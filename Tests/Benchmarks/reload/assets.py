#!/usr/bin/env python3
"""From a save of what is no code to its being in a frame; run by hand on an idle machine.

  swift build --product webio && Tests/Benchmarks/reload/assets.py [--saves 20] [--webio PATH]

A style sheet and a picture are exchanged in the open page; a text that the app reads means that the app is started again. Prints the
median and the 95th percentile of milliseconds from close() of the saved file to the first frame that shows it. Needs chromedriver and
Chromium.
"""
import argparse
import os
import random
import tempfile
import time

from reload import MARKER, Browser, free_port, median, p95, refused, start, stop, wait_for, webio_tool

SOURCE = """import Foundation
import WebIO

func hello() async throws {
  putMarkdown("# Hello")
  putHTML("<img src='/static/dot.svg' alt='dot'>")
  putText(try String(contentsOfFile: "Resources/words.txt", encoding: .utf8))
  _ = try await input("VERSION-000?")
}

try await startServer(hello, staticDirectory: "static", config: PageConfig(cssFiles: ["/static/look.css"]))
"""

# Looks at each frame, and notes what was new in it.
FRAMES = """
(() => {
  const look = () => {
    const text = document.body?.innerText.match(/WORDS-\\d+/)?.[0];
    const heading = document.querySelector("h1");
    const style = heading && getComputedStyle(heading).getPropertyValue("--version").trim();
    const picture = document.querySelector("img[alt=dot]");
    for (const key of [text, style, picture && `WIDTH-${picture.naturalWidth}`]) {
      if (key && !sessionStorage[key]) sessionStorage[key] = performance.timeOrigin + performance.now();
    }
    requestAnimationFrame(look);
  };
  look();
})();
"""

FILES = {
    "style sheet": ("static/look.css", lambda n: (f"h1 {{ --version: STYLE-{n}; color: rgb({n}, 0, 0) }}", f"STYLE-{n}")),
    "picture": ("static/dot.svg", lambda n: (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{n}' height='10'><rect width='{n}' height='10'/></svg>", f"WIDTH-{n}")),
    "text": ("Resources/words.txt", lambda n: (f"WORDS-{n}", f"WORDS-{n}")),
}


def main():
    top = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../.."))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saves", type=int, default=20)
    parser.add_argument("--webio", default=os.path.join(top, ".build/debug/webio"))
    options = parser.parse_args()
    options.webio = os.path.abspath(options.webio)
    with tempfile.TemporaryDirectory(prefix="webio-bench-") as folder:
        port = free_port()
        tool = webio_tool("WebIO", SOURCE)(options, folder, port)
        app = os.path.join(folder, "app")
        for name, text in FILES.values():
            os.makedirs(os.path.dirname(os.path.join(app, name)), exist_ok=True)
            open(os.path.join(app, name), "w").write(text(1)[0])
        server = start(tool)
        browser = None
        try:
            wait_for(lambda: not refused(port), 60)
            browser = Browser()
            browser.call("POST", "/goog/cdp/execute", {
                "cmd": "Page.addScriptToEvaluateOnNewDocument", "params": {"source": FRAMES}})
            browser.open(f"http://127.0.0.1:{port}/")
            if wait_for(lambda: browser.shows(MARKER), 300) is None:
                raise SystemExit("WebIO never shows its page")
            time.sleep(1)
            print(f"{'':14}median ms   p95 ms   saves")
            for kind, (name, text) in FILES.items():
                times = []
                for number in range(2, options.saves + 2):
                    # A file that changes five times in ten seconds is taken for one that the app writes.
                    time.sleep(2.6 + random.random())
                    contents, mark = text(number)
                    with open(os.path.join(app, name), "w") as file:
                        file.write(contents)
                    saved = time.time()
                    script = "return sessionStorage[arguments[0]] ?? null"
                    if wait_for(lambda: browser.run(script, mark), 30, 0.02) is None:
                        raise SystemExit(f"{mark} is never shown")
                    times.append(float(browser.run(script, mark)) / 1000 - saved)
                print(f"{kind:14}{median(times):9}{p95(times):9}{len(times):8}")
        finally:
            if browser:
                browser.close()
            stop(server)


if __name__ == "__main__":
    main()
