#!/usr/bin/env python3
"""Each check of .ci/check finds the defect that it is there for, and nothing in a sound tree."""
import importlib.machinery
import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
path = pathlib.Path(__file__).resolve().parent / "check"
loader = importlib.machinery.SourceFileLoader("check", str(path))
check = importlib.util.module_from_spec(importlib.util.spec_from_loader("check", loader))
loader.exec_module(check)

MANIFEST = """// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "Sound",
  targets: [
    .target(name: "WebIOPosix", swiftSettings: [.treatAllWarnings(as: .error)]),
    .target(name: "WebIOHTTP", dependencies: ["WebIOPosix"], swiftSettings: [.treatAllWarnings(as: .error)]),
    .testTarget(name: "SoundTests", swiftSettings: [.treatAllWarnings(as: .error)]),
  ],
  swiftLanguageModes: [.v6]
)
"""

SOUND = {
    "Package.swift": MANIFEST,
    ".swift-format": (path.parent.parent / ".swift-format").read_text(),
    "README.md": "# Sound\n\n## A title, with `code`\n\n[up](#a-title-with-code) [there](Templates/include/x.h)\n",
    "Sources/WebIOPosix/File.swift": "import Glibc\n\nlet count = Int(3)  // Int(text) ?? 0\n",
    "Sources/WebIOHTTP/File.swift": 'package import WebIOPosix\n\nlet text = """\n  import Foundation\n  """\n',
    "Sources/Frontend/frontend.c": '#embed "page.css"\n',
    "Sources/Frontend/page.css": (path.parent.parent / "Sources/Frontend/page.css").read_text(),
    "Tests/SoundTests/Test.swift": "import Foundation\n",
    "Templates/include/x.h": "",
    "Templates/templates.c": 'EMBED(a) = {\n#embed "hello/gitignore"\n};\n    {"hello", ".gitignore", a, sizeof a},\n',
    "Templates/hello/gitignore": "",
}


class Checks(unittest.TestCase):
    def findings(self, name, **changes):
        """What a check says of the sound tree with some files changed; None removes one."""
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder) / "Sound"
            for file, text in {**SOUND, **changes.pop("files", {}), **changes}.items():
                if text is None:
                    continue
                (root / file).parent.mkdir(parents=True, exist_ok=True)
                (root / file).write_text(text)
            subprocess.run(["git", "init", "--quiet", root], check=True)
            return list(check.CHECKS[name](check.Tree(root)))

    def test_a_sound_tree_passes_everything(self):
        for name in check.CHECKS:
            self.assertEqual(self.findings(name), [], name)

    def assert_found(self, name, file, text, part):
        found = self.findings(name, files={file: text})
        self.assertTrue(any(part in finding for finding in found), f"{name} says {found} of {text!r}")

    def test_names(self):
        self.assert_found("names", "notes.txt", "", "notes.txt")

    def test_manifest(self):
        foreign = MANIFEST.replace('  targets: [', '  dependencies: [.package(url: "https://x.test/y", from: "1.0.0")],\n  targets: [')
        self.assert_found("manifest", "Package.swift", foreign, "depends on a package")
        upwards = MANIFEST.replace('"WebIOPosix", swift', '"WebIOPosix", dependencies: ["WebIOHTTP"], swift')
        upwards = upwards.replace(' dependencies: ["WebIOPosix"],', "")
        self.assert_found("manifest", "Package.swift", upwards, "WebIOPosix must not depend on WebIOHTTP")
        lax = MANIFEST.replace(', swiftSettings: [.treatAllWarnings(as: .error)]),\n  ]', "),\n  ]")
        self.assert_found("manifest", "Package.swift", lax, "warnings of SoundTests")
        self.assert_found("manifest", "Sources/Other/File.swift", "", "Sources/Other")

    def test_imports(self):
        file = "Sources/WebIOPosix/File.swift"
        for line in ["import Foundation", "public import Foundation", "@preconcurrency import Foundation",
                     "import FoundationEssentials", "import struct Foundation.Data", "import WebIOHTTP"]:
            self.assert_found("imports", file, line + "\n", "WebIOPosix must not import")

    def test_calls(self):
        file = "Sources/WebIOHTTP/File.swift"
        for line in ['guard let n = Int(text) else { return }', 'if a, let n = UInt16(text) { }', 'let n = Int(text) ?? 0',
                     'let n = Int(text)!', 'let n = text.flatMap { Int($0) }', 'let n = parts.compactMap(Int.init)',
                     'let n = Int(text, radix: 16)', 'name.lowercased()', 'URL(string: text)', 'text.contains("\\n")',
                     'text.split(separator: "\\n")', 'character.isHexDigit']:
            self.assert_found("calls", file, line + "\n", file)
        for line in ['guard let n = UInt16(exactly: value) else { return }', 'let n = Int(byte) - 48', 'Int(a) != b',
                     'x = Int(a) + 1 // Int(text) ?? 0', 'ASCII.lowercased(name)', 'let u = curl(x)']:
            self.assertEqual(self.findings("calls", files={file: line + "\n"}), [], line)

    def test_templates(self):
        self.assert_found("templates", "Templates/hello/main.swift", "", "is not in templates.c")
        self.assert_found("templates", "Templates/hello/gitignore", None, "there is no hello/gitignore")
        self.assert_found("templates", "Templates/templates.c", SOUND["Templates/templates.c"].replace("/git", "/x/git"), "hello/x/")

    def test_frontend(self):
        self.assert_found("frontend", "Sources/Frontend/new.js", "", "new.js")

    def test_contrast(self):
        css = SOUND["Sources/Frontend/page.css"]
        self.assert_found("contrast", "Sources/Frontend/page.css", css.replace("--muted: #596070", "--muted: #aaaaaa"), "light: muted")
        self.assert_found("contrast", "Sources/Frontend/page.css", "", "page.css")

    def test_links(self):
        for link in ["[x](nowhere.md)", "[x](#nothing)", "[x](../outside.md)", '<img src="no.png">', "[x]: gone.md"]:
            self.assert_found("links", "README.md", f"# T\n\n{link}\n", "README.md:3: dead")
        self.assertEqual(self.findings("links", files={"README.md": "`[x](no.md)`\n\n```\n[x](no.md)\n```\n"}), [])

    def test_places(self):
        self.assert_found("places", "README.md", "see /home/" + "somebody/x\n", "README.md:1")

    def test_format(self):
        self.assert_found("format", "Sources/WebIOPosix/File.swift", "import Glibc\nlet  x = 1\n", "File.swift:2")


if __name__ == "__main__":
    unittest.main(verbosity=0)
