import Testing

@testable import WebIODev

@Suite struct SaveAnswerTests {
  private func answer(_ changes: (String, ChangeKind, FileChange.Action)...) -> SaveAnswer {
    SaveAnswer(to: changes.map { (FileChange(path: $0.0, action: $0.2), $0.1) })
  }

  @Test func theStrongestChangeDecides() {
    #expect(answer(("guests.json", .unused, .modified)) == answer())
    #expect(answer().step == .nothing && answer().shown.isEmpty)
    let style = answer(("a.css", .asset, .modified), ("guests.json", .unused, .added))
    #expect(style.step == .push && style.shown.map(\.path) == ["a.css"])
    #expect(answer(("a.css", .asset, .modified), ("w.txt", .data, .added)).step == .reread)
    #expect(answer(("a.css", .asset, .modified), ("r.txt", .resource, .modified)).step == .copy(["r.txt"]))
    #expect(answer(("r.txt", .resource, .added)).step == .build(nil), "SwiftPM's plan has to know it")
    let source = answer(("a.swift", .source, .modified), ("a.css", .asset, .added), ("w.txt", .data, .removed))
    #expect(source.step == .build(["a.swift"]), "what is no code does not make a build larger")
    #expect(source.shown.isEmpty)
    #expect(answer(("a.swift", .source, .modified), ("b.swift", .source, .removed)).step == .build(nil))
    #expect(answer(("a.swift", .source, .modified), ("r.txt", .resource, .modified)).step == .build(["a.swift", "r.txt"]))
    #expect(answer(("Package.swift", .manifest, .modified), ("a.swift", .source, .added)).step == .reload)
  }
}
