import Testing
import WebIOHTTP

@testable import WebIOTunnel

/// Everything that reads bytes from outside gets bent and cut input: it may refuse, it must not trap or believe.
@Suite struct NoiseTests {
  /// A generator that repeats itself from run to run.
  private struct Noise {
    var state: UInt64

    mutating func next(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(limit))
    }

    mutating func bend(_ bytes: [UInt8]) -> [UInt8] {
      var bytes = bytes
      for _ in 0..<(1 + next(4)) where !bytes.isEmpty {
        let place = next(bytes.count)
        switch next(4) {
        case 0: bytes[place] = UInt8(next(256))
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(UInt8(next(256)), at: place)
        default: bytes.removeSubrange(place..<min(bytes.count, place + next(20)))
        }
      }
      return bytes
    }
  }

  private static let samples: [[UInt8]] = [
    #"{"event":"tcpip-forward","address":"a.lhr.life","status":"success","tls_termination":true,"n":[1,{"x":null}]}"#,
    #"{"type":"v1.tcpip_forward.register.accepted","id":"localhost/a.lhr.life","data":"\ud83d\ude00 https://a.lhr.life"}"#,
    "a tunneled with tls termination, https://a.lhr.life\r\u{1b}]0;x\u{7}\u{1b}[1m",
    "|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAWKWZf2",
    "@revoked *.example.com,!b ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAWKWZf2imt0mFBdCchhQwo5R7jgXV80nYZs1etNzr5J",
    "debug1: Authentications that can continue: publickey,password\nAllocated port 33445 for remote forward to x",
    "ssh://user@[fe80::1]:2222/",
  ].map { Array($0.utf8) }

  @Test func nothingTrapsAndNothingForeignIsBelieved() throws {
    var noise = Noise(state: 7)
    let key = HostKey(blob: [0, 0, 0, 11] + Array("ssh-ed25519".utf8) + [0, 0, 0, 1, 9])!
    let configuration = try TunnelConfiguration(via: "localhost.run")
    var known = 0
    for round in 0..<5_000 {
      let bytes = noise.bend(Self.samples[round % Self.samples.count])
      var reader = AnnouncementReader(configuration)
      for case .address(let address) in reader.receive(bytes + [0x0a]) {
        #expect(address.url.hasPrefix("https://") || address.url.hasPrefix("http://"))
        #expect(configuration.target.provider.suffixes.contains { ("." + address.host).hasSuffix("." + $0) })
        #expect(ASCII.isHostName(address.host.utf8))
      }
      var hosts = KnownHosts()
      hosts.add(bytes, file: "noise")
      if hosts.verdict(host: "example.com", port: 22, key: key) == .known { known += 1 }
      var log = OpenSSHLog()
      _ = log.receive(bytes)
      _ = try? TunnelTarget.parse(String(decoding: bytes, as: UTF8.self))
      var wire = WireReader(bytes)
      while wire.string() != nil || wire.byte() != nil {}
      let shown = TerminalText.clean(bytes).utf8
      if shown.contains(where: { $0 < 0x20 || $0 == 0x7f }) { Issue.record("control character from \(bytes)") }
    }
    #expect(known == 0)
  }
}
