import WebIOHTTP

/// A day of the calendar, as `.date` asks for it: `2026-11-21`.
public struct CalendarDate: Sendable, Hashable, Comparable, CustomStringConvertible {
  public let year: Int
  public let month: Int
  public let day: Int

  /// Nil for a day that does not exist.
  public init?(year: Int, month: Int, day: Int) {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard (1...9999).contains(year), (1...12).contains(month), (1...lengths[month - 1]).contains(day) else {
      return nil
    }
    self.year = year
    self.month = month
    self.day = day
  }

  /// From `YYYY-MM-DD`.
  public init?(_ text: String) {
    guard let numbers = fixedNumbers(text, "0000-00-00") else { return nil }
    self.init(year: numbers[0], month: numbers[1], day: numbers[2])
  }

  public var description: String { "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))" }

  public static func < (left: CalendarDate, right: CalendarDate) -> Bool {
    (left.year, left.month, left.day) < (right.year, right.month, right.day)
  }
}

/// A time of day, as `.time` asks for it: `14:30`.
public struct ClockTime: Sendable, Hashable, Comparable, CustomStringConvertible {
  public let hour: Int
  public let minute: Int

  public init?(hour: Int, minute: Int) {
    guard (0...23).contains(hour), (0...59).contains(minute) else { return nil }
    self.hour = hour
    self.minute = minute
  }

  /// From `HH:MM`, and from `HH:MM:SS`, whose seconds are dropped.
  public init?(_ text: String) {
    guard let numbers = fixedNumbers(text, "00:00") ?? fixedNumbers(text, "00:00:00") else { return nil }
    guard numbers.count == 2 || numbers[2] < 60 else { return nil }
    self.init(hour: numbers[0], minute: numbers[1])
  }

  public var description: String { "\(padded(hour, 2)):\(padded(minute, 2))" }

  public static func < (left: ClockTime, right: ClockTime) -> Bool {
    (left.hour, left.minute) < (right.hour, right.minute)
  }
}

/// A day and a time, without a time zone, as `.dateTime` asks for it: `2026-11-21T14:30`.
public struct LocalDateTime: Sendable, Hashable, Comparable, CustomStringConvertible {
  public let date: CalendarDate
  public let time: ClockTime

  public init(_ date: CalendarDate, _ time: ClockTime) {
    self.date = date
    self.time = time
  }

  /// From `YYYY-MM-DDTHH:MM`.
  public init?(_ text: String) {
    let parts = text.utf8.split(separator: UInt8(ascii: "T"))
    guard parts.count == 2, let date = CalendarDate(String(decoding: Array(parts[0]), as: UTF8.self)),
      let time = ClockTime(String(decoding: Array(parts[1]), as: UTF8.self))
    else { return nil }
    self.init(date, time)
  }

  public var description: String { "\(date)T\(time)" }

  public static func < (left: LocalDateTime, right: LocalDateTime) -> Bool {
    (left.date, left.time) < (right.date, right.time)
  }
}

extension InputType where Value == CalendarDate {
  /// A day of the calendar.
  public static var date: InputType<CalendarDate> { text("date") { CalendarDate($0) } }
}

extension InputType where Value == ClockTime {
  /// A time of day.
  public static var time: InputType<ClockTime> { text("time") { ClockTime($0) } }
}

extension InputType where Value == LocalDateTime {
  /// A day and a time.
  public static var dateTime: InputType<LocalDateTime> { text("datetime-local") { LocalDateTime($0) } }
}

extension InputType where Value == String {
  /// A month of a year as `YYYY-MM`. Where the browser has no picker it is typed.
  public static var month: InputType<String> {
    text("month") { CalendarDate("\($0)-01") == nil ? nil : $0 }
  }

  /// A week of a year as ISO 8601 counts them, `YYYY-Www`. Where the browser has no picker it is typed.
  public static var week: InputType<String> {
    text("week") { text in
      fixedNumbers(text, "0000-W00").flatMap { (1...53).contains($0[1]) && $0[0] > 0 ? text : nil }
    }
  }

  /// A colour as `#rrggbb`.
  public static var color: InputType<String> {
    InputType(
      name: "color", isRequired: true,
      decode: { json in
        guard let text = json.string, text.utf8.count == 7, text.utf8.first == UInt8(ascii: "#"),
          text.utf8.dropFirst().allSatisfy({ ASCII.hexValue($0) != nil })
        else { return nil }
        return text
      }, encode: { .string($0) })
  }
}

extension InputType where Value: CustomStringConvertible {
  fileprivate static func text(_ name: String, _ parse: @escaping @Sendable (String) -> Value?) -> InputType {
    InputType(
      name: name, isRequired: true, decode: { $0.string.flatMap(parse) }, encode: { .string($0.description) })
  }
}

/// The numbers of a text that has digits where `pattern` has zeros, and everything else as it is.
private func fixedNumbers(_ text: String, _ pattern: StaticString) -> [Int]? {
  let text = Array(text.utf8)
  guard text.count == pattern.utf8CodeUnitCount else { return nil }
  var numbers = [0]
  for (index, byte) in text.enumerated() {
    if pattern.utf8Start[index] == UInt8(ascii: "0") {
      guard ASCII.isDigit(byte) else { return nil }
      numbers[numbers.count - 1] = numbers[numbers.count - 1] * 10 + Int(byte - UInt8(ascii: "0"))
    } else {
      guard byte == pattern.utf8Start[index] else { return nil }
      // A separator may be of several letters.
      if index > 0, pattern.utf8Start[index - 1] == UInt8(ascii: "0") { numbers.append(0) }
    }
  }
  return numbers
}

private func padded(_ number: Int, _ width: Int) -> String {
  let text = String(number)
  return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
}
