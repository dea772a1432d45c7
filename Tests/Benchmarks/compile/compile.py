#!/usr/bin/env python3
"""What WebIO's functions cost the compiler: a 60-line app that uses ten of them, beside the same app with prints.

  Tests/Benchmarks/compile/compile.py [--runs N]

Runs `swiftc -frontend -c` on both in turn, against the modules of `swift build`, and prints the medians of processor time and their ratio.
"""
import argparse
import pathlib
import resource
import statistics
import subprocess
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[3]

# Each step with WebIO, and with print and readLine.
STEPS = [
    ('putMarkdown("# Order number \\({n})")', 'print("# Order number \\({n})")'),
    ('let name{n} = try await input("Name?", placeholder: "Ada", required: true)',
     'let name{n} = readLine() ?? ""'),
    ('let count{n} = try await input("How many?", type: .number, validate: {{ $0 < 1 ? "One at least" : nil }})',
     'let count{n} = Int(readLine() ?? "") ?? 1'),
    ('putText("Thank you,", name{n}, count{n})', 'print("Thank you,", name{n}, count{n})'),
    ('let size{n} = try await select("Size", ["S", "M", "L"])', 'let size{n}: String = ["S", "M", "L"].first {{ $0 == "M" }} ?? "S"'),
    ('putTable([["Name", "Count"], ["\\(name{n})", "\\(count{n})"]])', 'print([["Name", "Count"], ["\\(name{n})", "\\(count{n})"]])'),
    ('putButton("Again") {{ putText("again, \\(size{n})") }}', 'let again{n} = {{ print("again, \\(size{n})") }}; again{n}()'),
    ('try useScope("log{n}") {{ putText("inside") }}', 'do {{ print("inside") }}'),
    ('putRow(["left", nil, .markdown("**right**")])', 'print(["left", "", "**right**"])'),
    ('toast("Saved, \\(name{n})", duration: 3)', 'print("Saved, \\(name{n})", 3)'),
]


def app(column):
    lines = ["import WebIO"] if column == 0 else []
    for part in range(1, 6):
        lines.append(f"func part{part}() async throws {{")
        lines += ["  " + step[column].format(n=part) for step in STEPS]
        lines.append("}")
    return "\n".join(lines) + "\n"


def processor_time():
    """Of the children, so that neighbours on the machine count for little."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=15)
    runs = options.parse_args().runs
    subprocess.run(["swift", "build", "--target", "WebIO"], cwd=TOP, check=True, stdout=subprocess.DEVNULL)
    products = pathlib.Path(subprocess.run(
        ["swift", "build", "--show-bin-path"], cwd=TOP, check=True, capture_output=True, text=True).stdout.strip())
    maps = [f"-fmodule-map-file={path}" for path in (
        *products.glob("*.build/module.modulemap"), TOP / "Sources/CZlib/module.modulemap",
        TOP / "Sources/CWebIOLinux/include/module.modulemap") if path.exists()]
    imports = [word for item in maps for word in ("-Xcc", item)]
    with tempfile.TemporaryDirectory() as folder:
        times = {}
        for round in range(runs + 1):
            for column, name in enumerate(("WebIO", "print")):
                source = pathlib.Path(folder, f"{name}.swift")
                source.write_text(app(column))
                command = ["swiftc", "-frontend", "-c", source, "-o", source.with_suffix(".o"), "-module-name", "App",
                           "-parse-as-library", "-swift-version", "6", "-Onone", "-I", products / "Modules", *imports]
                started = processor_time()
                subprocess.run(command, check=True)
                # The first round fills the caches.
                if round:
                    times.setdefault(name, []).append(processor_time() - started)
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        print(f"{name:6} {median * 1000:6.0f} ms   {min(times[name]) * 1000:.0f}..{max(times[name]) * 1000:.0f}")
    print(f"ratio  {medians['WebIO'] / medians['print']:6.2f}   ({app(0).count(chr(10))} lines, {runs} runs)")


main()
