#!/usr/bin/env python3
"""Joins the core modules, and those of webio dev, as the server does, checks the rules that make this possible, and prints what the hello page weighs.
link.py [OUT] also writes the joined file."""
import gzip
import re
import sys
from pathlib import Path

here = Path(__file__).resolve().parent.parent


def link(listed="core.list"):
    owner, seen, lines = {}, set(), []
    for name in (here / listed).read_text().split():
        for line in (here / name).read_text().split("\n"):
            found = re.fullmatch(r'import \{ (.*) \} from "\./(.*)";', line)
            if found:
                assert found[2] in seen, f"{name} imports {found[2]}, which comes later"
                for imported in found[1].split(", "):
                    assert owner.get(imported) == found[2], f"{name}: {found[2]} has no {imported}"
                continue
            assert not line.startswith("import"), f"{name}: {line}"
            if line.startswith("export "):
                assert re.match(r"export (async function|function|class|const|let) ", line), f"{name}: {line}"
                line = line.removeprefix("export ")
            declared = re.match(r"(?:async function|function|class|const|let) (\w+)", line)
            if declared:
                assert declared[1] not in owner, f"{declared[1]} is in {name} and in {owner[declared[1]]}"
                owner[declared[1]] = name
            lines.append(line)
        seen.add(name)
    return "\n".join(lines)


def squeeze(text):
    return "\n".join(line.strip() for line in text.split("\n") if line.strip() and not line.strip().startswith("//"))


if __name__ == "__main__":
    joined = link()
    page = (here / "page.html").read_text() + (here / "page.css").read_text()
    weigh = lambda text: len(gzip.compress(text.encode(), 6))
    print(f"gzip: core {weigh(joined)}, without comments and indentation {weigh(squeeze(joined))}, page with style {weigh(page)}")
    print(f"dev: {weigh(squeeze(link('dev.list')))}")
    print(f"hello: {weigh(squeeze(joined)) + weigh(page)} bytes in 2 requests")
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(joined)
