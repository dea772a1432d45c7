#!/usr/bin/env python3
"""Contrast of every pair of tokens that meet on the page, in every theme. Exits 1 if one is below WCAG AA.

  contrast.py [page.css]
"""
import re
import sys
from pathlib import Path

css = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent / "page.css").read_text()
themes = {}
for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", re.sub(r"/\*.*?\*/", "", css, flags=re.S)):
    names = re.findall(r'\[data-theme="(\w+)"\]', selector)
    if "--page" not in body or ":not(" in selector.replace(":root:not([data-theme])", "") or not names:
        continue
    themes[names[0]] = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", body))
if "light" not in themes:
    sys.exit("there is no light theme")
light = themes["light"]

text = [("text", g) for g in ("page", "surface", "sunken", "accent-tint", "info-tint", "success-tint", "warning-tint", "danger-tint")]
text += [("muted", g) for g in ("page", "surface", "sunken")] + [("accent", g) for g in ("page", "surface", "accent-tint")]
text += [(t, g) for t in ("info", "success", "warning", "danger") for g in ("page", "surface", f"{t}-tint")]
text += [("on-fill", g) for g in ("fill", "fill-hover", "success-fill", "warning-fill", "danger-fill", "info-fill")]
text += [(f"code-{k}", g) for k in ("keyword", "string", "number", "comment", "name") for g in ("sunken", "page")] + [("page", "text"), ("page", "muted")]
outline = [("edge", "page"), ("edge", "surface"), ("accent", "page"), ("danger", "surface"), ("fill", "surface")]


def luminance(color):
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ratio(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


failures = 0
for theme, own in themes.items():
    tokens = {**light, **own}
    worst = (99, "")
    for pairs, least in ((text, 4.5), (outline, 3.0)):
        for front, back in pairs:
            value = ratio(tokens[front], tokens[back])
            if pairs is text:
                worst = min(worst, (value, f"{front} on {back}"))
            if value < least:
                failures += 1
                print(f"{theme}: {front} {tokens[front]} on {back} {tokens[back]} is {value:.2f}, needs {least}")
    print(f"{theme}: lowest text contrast {worst[0]:.2f} ({worst[1]})")
sys.exit(1 if failures else 0)
