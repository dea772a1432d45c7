#!/usr/bin/env python3
"""The Autobahn testsuite against our WebSocket; by hand, with a suite that is installed already.

  swift build -c release --product TestServer
  Tests/Benchmarks/conformance/autobahn.py --python PYTHON2 [--site DIRECTORY] [--cases all|quick] [--server PATH]

PYTHON2 is an interpreter that can import autobahntestsuite, from DIRECTORY if that is given. `quick` is the groups 1 to 7
and 10 (about a quarter of a minute), `all` also 9, 12 and 13: 517 cases. Prints how many behaved how, and each case that is
neither OK nor INFORMATIONAL, in behaviour or in how the connection ended; exits with 1 if there is one.
"""
import argparse
import collections
import json
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
QUICK = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*"]
START = """
import site, sys
if sys.argv[1]: site.addsitedir(sys.argv[1])
sys.argv = ["wstest", "-m", "fuzzingclient", "-s", sys.argv[2]]
from autobahntestsuite.wstest import run
run()
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", required=True)
    parser.add_argument("--site", default="")
    parser.add_argument("--cases", choices=["quick", "all"], default="quick")
    parser.add_argument("--server", default=str(HERE.parents[2] / ".build/release/TestServer"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="webio-autobahn-") as directory:
        spec = pathlib.Path(directory, "spec.json")
        spec.write_text(json.dumps({
            "outdir": f"{directory}/out", "servers": [{"agent": "webio", "url": "ws://127.0.0.1:18500"}],
            "cases": QUICK + (["9.*", "12.*", "13.*"] if options.cases == "all" else []), "exclude-cases": [],
            "exclude-agent-cases": {}}))
        server = subprocess.Popen([options.server, "echo", "18500"])
        try:
            time.sleep(1)
            client = subprocess.run(
                [options.python, "-c", START, options.site, str(spec)], cwd=directory, capture_output=True, text=True)
        finally:
            server.kill()
            server.wait()
        index = pathlib.Path(directory, "out/index.json")
        if not index.exists():
            sys.exit(f"the suite did not run:\n{client.stdout[-1000:]}{client.stderr[-1000:]}")
        results = json.loads(index.read_text())["webio"]
    good = {"OK", "INFORMATIONAL"}
    bad = {name: result for name, result in results.items()
           if result["behavior"] not in good or result["behaviorClose"] not in good}
    print(len(results), "cases", dict(collections.Counter(result["behavior"] for result in results.values())),
          "closing", dict(collections.Counter(result["behaviorClose"] for result in results.values())))
    for name, result in sorted(bad.items()):
        print(name, result["behavior"], result["behaviorClose"], result.get("remoteCloseCode"))
    sys.exit(bool(bad))


main()
