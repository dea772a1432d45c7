#!/usr/bin/env python3
"""The Autobahn testsuite against our WebSocket; by hand, with a suite that is installed already.

  swift build -c release --product TestServer
  Tests/Benchmarks/conformance/autobahn.py --python PYTHON2 [--site DIRECTORY] [--cases all|quick] [--server PATH]

The server answers on its event loop (`loop`) and by a closure that awaits each message (`await`): each case runs against both.
PYTHON2 is an interpreter that can import autobahntestsuite, from DIRECTORY if that is given. `quick` is the groups 1 to 7
and 10 (about half a minute), `all` also 9, 12 and 13: 517 cases, a quarter of an hour. Prints how many behaved how, and each
case that is neither OK nor INFORMATIONAL, in behaviour or in how the connection ended; exits with 1 if there is one.
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
        ports = {"loop": 18500, "await": 18501}
        spec.write_text(json.dumps({
            "outdir": f"{directory}/out",
            "servers": [{"agent": name, "url": f"ws://127.0.0.1:{port}"} for name, port in ports.items()],
            "cases": QUICK + (["9.*", "12.*", "13.*"] if options.cases == "all" else []), "exclude-cases": [],
            "exclude-agent-cases": {}}))
        servers = [subprocess.Popen([options.server, "echo", str(port), name], stdout=subprocess.DEVNULL)
                   for name, port in ports.items()]
        try:
            time.sleep(1)
            client = subprocess.run(
                [options.python, "-c", START, options.site, str(spec)], cwd=directory, capture_output=True, text=True)
        finally:
            for server in servers:
                server.kill()
                server.wait()
        index = pathlib.Path(directory, "out/index.json")
        if not index.exists():
            sys.exit(f"the suite did not run:\n{client.stdout[-1000:]}{client.stderr[-1000:]}")
        results = json.loads(index.read_text())
    is_good = True
    for agent, cases in results.items():
        print(agent, len(cases), "cases", dict(collections.Counter(case["behavior"] for case in cases.values())),
              "closing", dict(collections.Counter(case["behaviorClose"] for case in cases.values())))
        for name, case in sorted(cases.items()):
            if not {case["behavior"], case["behaviorClose"]} <= {"OK", "INFORMATIONAL"}:
                is_good = False
                print(agent, name, case["behavior"], case["behaviorClose"], case.get("remoteCloseCode"))
    sys.exit(not is_good)


main()
