import TestSupport
import Testing

@testable import WebIO

extension PageEndToEnd {
  @Suite struct LanguageTests {
    @Test func thePageSpeaksTheVisitorsLanguage() async throws {
      let browser = try await Chromium.fresh()
      try browser.speak("zh-CN")
      let app = try await ServedApp {
        putText("visitor: \(try info.userLanguage)")
        _ = try await inputGroup(
          "报名", .input("姓名", name: "name", required: true), .file("照片"), .files("文件"), cancelable: true)
        popup("标题", "内容")
        hold()
      }
      try await browser.open(app.url)
      _ = try await browser.find("form")
      let buttons = try await browser.run(
        "return [...document.querySelectorAll('.ws-form-submit-btns button')].map((b) => b.innerText)")
      #expect(buttons.items.compactMap(\.string) == ["提交", "重置", "取消"])
      #expect(try await browser.text.contains("Choose") == false)
      try await browser.press(button: "提交")
      try await browser.waitForText("请填写此项。")
      try await browser.picture("chinese")
      try await browser.press(button: "取消")
      _ = try await browser.find("dialog[open] [aria-label=关闭]")
      #expect(try await browser.lines().first?.contains("zh") == true)
      try await browser.expectNoProblems()
    }

    @Test func otherLanguagesGetEnglish() async throws {
      let browser = try await Chromium.fresh()
      try browser.speak("fr-FR")
      let app = try await ServedApp { _ = try await input("Nom") }
      try await browser.open(app.url)
      try await browser.wait(
        "the button speaks English", "document.querySelector('form button[type=submit]')?.innerText === 'Submit'")
    }
  }
}
