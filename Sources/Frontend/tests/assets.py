#!/usr/bin/env python3
"""Writes frontend.c: every file that the binary carries, in one table. Run it after adding or removing a file of the page."""
from pathlib import Path

here = Path(__file__).resolve().parent.parent
names = sorted(p.name for p in here.iterdir() if p.suffix in {".js", ".css", ".html", ".list"})
symbol = lambda name: name.replace(".", "_").replace("-", "_")

lines = [
    "// The page's files, embedded. tests/assets.py writes this file from what lies in the folder.",
    '#include "CWebIOFrontend.h"',
    "",
    "#include <string.h>",
    "",
]
for name in names:
    lines += [f"static const unsigned char {symbol(name)}[] = {{", f'#embed "{name}"', "};"]
lines += ["", "// Sorted by name.", "static const webio_asset assets[] = {"]
lines += [f'    {{"{name}", {symbol(name)}, sizeof {symbol(name)}}},' for name in names]
lines += [
    "};",
    "",
    "size_t webio_frontend_count(void) { return sizeof assets / sizeof assets[0]; }",
    "",
    "const webio_asset *webio_frontend_asset(size_t index) {",
    "  return index < webio_frontend_count() ? &assets[index] : NULL;",
    "}",
    "",
    "const webio_asset *webio_frontend_lookup(const char *name, size_t length) {",
    "  for (size_t i = 0; i < webio_frontend_count(); i++) {",
    "    if (strlen(assets[i].name) == length && memcmp(assets[i].name, name, length) == 0) return &assets[i];",
    "  }",
    "  return NULL;",
    "}",
    "",
]
(here / "frontend.c").write_text("\n".join(lines))
