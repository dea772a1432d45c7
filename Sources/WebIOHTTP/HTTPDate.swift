import Glibc

/// `Sun, 06 Nov 1994 08:49:37 GMT`: IMF-fixdate of RFC 9110 section 5.6.7, from and to seconds since 1970.
package struct HTTPDate: Sendable, Equatable, CustomStringConvertible {
  package let seconds: Int

  package init(seconds: Int) { self.seconds = seconds }

  package static var now: HTTPDate {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return HTTPDate(seconds: time.tv_sec)
  }

  private static let weekdays: StaticString = "ThuFriSatSunMonTueWed"
  private static let months: StaticString = "JanFebMarAprMayJunJulAugSepOctNovDec"

  /// A day of the Gregorian calendar, with the month from 0.
  private struct Day {
    var year: Int
    var month: Int
    var day: Int

    private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    private static func length(_ month: Int, _ year: Int) -> Int {
      switch month {
      case 1: isLeap(year) ? 29 : 28
      case 3, 5, 8, 10: 30
      default: 31
      }
    }

    /// From the epoch to the first of January.
    private static func days(before year: Int) -> Int {
      let past = year - 1
      return past * 365 + past / 4 - past / 100 + past / 400 - 719_162
    }

    init(year: Int, month: Int, day: Int) {
      self.year = year
      self.month = month
      self.day = day
    }

    /// Within the years 1 to 9999; what lies outside becomes their edge.
    init(sinceEpoch days: Int) {
      let days = min(max(days, -719_162), 2_932_896)
      year = 1970 + days / 366
      if days < 0 { year = 1969 + days / 365 }
      year = max(year, 1)
      while Self.days(before: year) > days { year -= 1 }
      while Self.days(before: year + 1) <= days { year += 1 }
      var rest = days - Self.days(before: year)
      month = 0
      while rest >= Self.length(month, year) {
        rest -= Self.length(month, year)
        month += 1
      }
      day = rest + 1
    }

    var sinceEpoch: Int {
      Self.days(before: year) + (0..<month).reduce(0) { $0 + Self.length($1, year) } + day - 1
    }

    var isValid: Bool { year > 0 && day >= 1 && day <= Self.length(month, year) }
  }

  /// 29 bytes, for the years 1 to 9999.
  package var bytes: [UInt8] {
    let days = seconds >= 0 ? seconds / 86_400 : -((86_399 - seconds) / 86_400)
    let second = seconds - days * 86_400
    let day = Day(sinceEpoch: days)
    let weekday = ((days % 7) + 7) % 7
    var text: [UInt8] = []
    text.reserveCapacity(32)
    append(Self.weekdays, weekday, to: &text)
    text.append(", ")
    append(day.day, to: &text)
    text.append(" ")
    append(Self.months, day.month, to: &text)
    text.append(" ")
    append(day.year / 100, to: &text)
    append(day.year % 100, to: &text)
    for (mark, value) in [(0x20, second / 3_600), (0x3a, second / 60 % 60), (0x3a, second % 60)] as [(UInt8, Int)] {
      text.append(mark)
      append(value, to: &text)
    }
    text.append(" GMT")
    return text
  }

  package var description: String { String(decoding: bytes, as: UTF8.self) }

  private func append(_ names: StaticString, _ index: Int, to text: inout [UInt8]) {
    for offset in 0..<3 { text.append(names.utf8Start[index * 3 + offset]) }
  }

  private func append(_ value: Int, to text: inout [UInt8]) {
    text.append(0x30 + UInt8(truncatingIfNeeded: value / 10 % 10))
    text.append(0x30 + UInt8(truncatingIfNeeded: value % 10))
  }

  /// Exactly the format that is written. The two obsolete ones are not read: nil means "no date", which is safe for
  /// every conditional field.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count == 29, bytes[3] == 0x2c, bytes[4] == 0x20, bytes[7] == 0x20, bytes[11] == 0x20,
      bytes[16] == 0x20, bytes[19] == 0x3a, bytes[22] == 0x3a, bytes[25...].elementsEqual(" GMT".utf8)
    else { return nil }
    func number(_ range: Range<Int>) -> Int? {
      bytes.withUnsafeBytes { ASCII.decimal(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }
    let month = (0..<12).first { month in
      (0..<3).allSatisfy { Self.months.utf8Start[month * 3 + $0] == bytes[8 + $0] }
    }
    guard let month, let day = number(5..<7), let year = number(12..<16), let hour = number(17..<19),
      let minute = number(20..<22), let second = number(23..<25), hour < 24, minute < 60, second <= 60
    else { return nil }
    let date = Day(year: year, month: month, day: day)
    guard date.isValid else { return nil }
    seconds = date.sinceEpoch * 86_400 + hour * 3_600 + minute * 60 + second
  }
}
