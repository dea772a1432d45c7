/// What a browser says of itself, taken apart. PyWebIO: `info.user_agent`.
///
///     if try info.userAgent.isMobile { setEnv(outputMaxWidth: "100%") }
///
/// Browsers lie in this field for history's sake, and their visitors may change it: use it for comfort, never for
/// security.
public struct UserAgent: Sendable, Equatable, CustomStringConvertible {
  /// The User-Agent field as it was sent. RFC 9110 section 10.1.5.
  public let description: String
  /// `Chrome`, `Firefox`, `Safari`, `Edge`, `Opera`, `Samsung Internet`, a crawler's name, else `Other`.
  public let browser: String
  /// As far as it is told: `126.0.6478.61`.
  public let browserVersion: String
  /// `Windows`, `Mac OS X`, `Linux`, `Android`, `iOS`, `Chrome OS`, else `Other`.
  public let os: String
  /// As far as it is told: `14.5`. Windows 11 says `10`.
  public let osVersion: String
  /// A telephone.
  public let isMobile: Bool
  /// A tablet. An iPad that asks for desktop pages looks like a Mac.
  public let isTablet: Bool
  /// A desktop or portable computer.
  public let isPC: Bool
  /// A program that reads pages for a search engine or a preview.
  public let isBot: Bool

  /// A telephone or a tablet.
  public var isTouchCapable: Bool { isMobile || isTablet }

  public init(_ field: String) {
    let fields = AgentFields(field)
    description = field
    (browser, browserVersion) = fields.browser
    (os, osVersion) = fields.os
    isBot = fields.bot != nil
    let isPad = fields.contains("iPad") || fields.contains("Tablet") || (os == "Android" && !fields.contains("Mobile"))
    isTablet = !isBot && isPad
    isMobile = !isBot && !isPad && (fields.contains("Mobile") || fields.contains("iPhone"))
    isPC = !isBot && !isTablet && !isMobile && ["Windows", "Mac OS X", "Linux", "Chrome OS"].contains(os)
  }
}

/// A search through the field's bytes.
private struct AgentFields {
  private let bytes: [UInt8]

  /// No browser's field is longer than 1 KiB; the rest is not looked at.
  init(_ field: String) { bytes = Array(field.utf8.prefix(1024)) }

  /// Where the text behind `word` begins.
  private func end(of word: StaticString) -> Int? {
    let count = word.utf8CodeUnitCount
    guard bytes.count >= count else { return nil }
    return (0...(bytes.count - count)).first { start in
      (0..<count).allSatisfy { bytes[start + $0] == word.utf8Start[$0] }
    }.map { $0 + count }
  }

  func contains(_ word: StaticString) -> Bool { end(of: word) != nil }

  /// Digits and dots behind `word`; Apple writes underscores for dots.
  private func version(after word: StaticString) -> String? {
    guard let start = end(of: word) else { return nil }
    let version = bytes[start...].prefix { byte in
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
    }
    let dotted = version.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: ".") : $0 }
    return String(decoding: dotted, as: UTF8.self)
  }

  /// The crawlers that come to public pages most, then any that calls itself one.
  var bot: String? {
    let known: [(StaticString, String)] = [
      ("Googlebot", "Googlebot"), ("bingbot", "bingbot"), ("DuckDuckBot", "DuckDuckBot"), ("YandexBot", "YandexBot"),
      ("Baiduspider", "Baiduspider"), ("facebookexternalhit", "FacebookBot"), ("Slackbot", "Slackbot"),
      ("Twitterbot", "Twitterbot"), ("Discordbot", "Discordbot"), ("TelegramBot", "TelegramBot"),
    ]
    if let found = known.first(where: { contains($0.0) }) { return found.1 }
    let calls: [StaticString] = ["bot/", "Bot/", "bot;", "crawler", "Crawler", "spider", "Spider"]
    return calls.contains { contains($0) } ? "Other" : nil
  }

  /// The order matters: Edge and Opera say that they are Chrome, and Chrome says that it is Safari.
  var browser: (name: String, version: String) {
    if let bot { return (bot, version(after: "bot/") ?? version(after: "Bot/") ?? "") }
    let marks: [(StaticString, String)] = [
      ("Edg/", "Edge"), ("EdgA/", "Edge"), ("EdgiOS/", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"),
      ("FxiOS/", "Firefox"), ("Firefox/", "Firefox"), ("CriOS/", "Chrome"), ("HeadlessChrome/", "HeadlessChrome"),
      ("Chrome/", "Chrome"),
    ]
    for (mark, name) in marks {
      if let version = version(after: mark) { return (name, version) }
    }
    if contains("Safari/") { return ("Safari", version(after: "Version/") ?? "") }
    return ("Other", "")
  }

  var os: (name: String, version: String) {
    if let version = version(after: "Windows NT ") {
      let names = ["6.1": "7", "6.2": "8", "6.3": "8.1", "10.0": "10"]
      return ("Windows", names[version] ?? version)
    }
    if contains("Windows") { return ("Windows", "") }
    if let version = version(after: "Android ") { return ("Android", version) }
    if contains("Android") { return ("Android", "") }
    if contains("iPhone") || contains("iPad") {
      return ("iOS", version(after: "iPhone OS ") ?? version(after: "CPU OS ") ?? "")
    }
    if let version = version(after: "Mac OS X ") { return ("Mac OS X", version) }
    if contains("CrOS") { return ("Chrome OS", "") }
    return contains("Linux") || contains("X11") ? ("Linux", "") : ("Other", "")
  }
}
