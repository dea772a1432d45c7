import WebIOHTTP
import WebIOPosix

/// The latest public requests, for the inspector: at most 200 of them and about 16 MiB; the oldest go first.
@EventLoop
package final class TrafficLog {
  package nonisolated static let countLimit = 200
  package nonisolated static let costLimit = 16 << 20

  package private(set) var records: [TrafficRecord] = []
  private(set) var cost = 0
  private var lastID = 0
  private var replays: [String: Int] = [:]
  /// A record is new or has changed.
  var onChange: (@EventLoop (TrafficRecord) -> Void)?

  package init() {}

  func begin(_ exchange: HTTPExchange) -> TrafficRecord {
    lastID += 1
    let mark = exchange.request.fields[Gateway.replayField] ?? ""
    let record = TrafficRecord(exchange, id: lastID, replayOf: replays.removeValue(forKey: mark), self)
    records.append(record)
    cost += record.cost
    if records.count > Self.countLimit { dropFirst() }
    trim()
    changed(record)
    return record
  }

  /// What a repetition carries so that it is known as one, and nobody else can say so.
  func markReplay(of id: Int) -> String {
    let mark = randomToken(24)
    replays[mark] = id
    return mark
  }

  func forgetReplay(_ mark: String) { replays[mark] = nil }

  subscript(id: Int) -> TrafficRecord? { records.first { $0.id == id } }

  func clear() {
    while !records.isEmpty { dropFirst() }
  }

  func changed(_ record: TrafficRecord) { onChange?(record) }

  func grew(by bytes: Int) {
    cost += bytes
    trim()
  }

  private func trim() {
    while cost > Self.costLimit, records.count > 1 { dropFirst() }
  }

  private func dropFirst() {
    let record = records.removeFirst()
    cost -= record.cost
    record.forgotten()
  }
}
