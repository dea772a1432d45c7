// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target of this package: language mode 6 with strict checks, and no warning is let through.
let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
]

let package = Package(
  name: "WebIO",
  products: [
    .library(name: "WebIO", targets: ["WebIO"]),
    .library(name: "WebIOHTTP", targets: ["WebIOHTTP"]),
    .library(name: "WebIOTLS", targets: ["WebIOTLS"]),
    .library(name: "WebIOTesting", targets: ["WebIOTesting"]),
    .library(name: "WebIOTunnel", targets: ["WebIOTunnel"]),
    .executable(name: "webio", targets: ["WebIOCommand"]),
  ],
  targets: [
    // Floor 0: what C has and Swift does not.
    .target(name: "CWebIOLinux", cSettings: [.define("_GNU_SOURCE")]),
    .systemLibrary(name: "CLibSSH2", pkgConfig: "libssh2", providers: [.apt(["libssh2-1-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssh2-1-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["libssh2-1-dev"])]),
    .target(
      name: "CWebIOFrontend", path: "Sources/Frontend", exclude: ["PROTOCOL.md", "core.list", "tests"],
      sources: ["frontend.c"]),
    .target(
      name: "CWebIOTemplates", path: "Templates",
      exclude: ["bmi", "chat", "cluster", "flyingfox", "form", "gallery", "hello", "httpserver", "hummingbird", "relay"],
      sources: ["templates.c"]),

    // Floor 1
    .target(name: "WebIOPosix", dependencies: ["CWebIOLinux"], swiftSettings: strict),

    // Floor 2
    .target(name: "WebIOHTTP", dependencies: ["WebIOPosix", "CZlib"], swiftSettings: strict),

    // Floor 3
    .target(
      name: "WebIO", dependencies: ["WebIOHTTP", "WebIOPosix", "CWebIOFrontend"], swiftSettings: strict),
    .target(name: "WebIOTLS", dependencies: ["WebIOHTTP", "WebIOPosix", "COpenSSL"], swiftSettings: strict),
    .target(
      name: "WebIOTunnel", dependencies: ["WebIOPosix", "WebIOHTTP", "CLibSSH2", "COpenSSL"],
      swiftSettings: strict),
    .target(name: "WebIODev", dependencies: ["WebIOHTTP", "WebIOPosix"], swiftSettings: strict),

    // Floor 4
    .target(name: "WebIOTesting", dependencies: ["WebIO"], swiftSettings: strict),
    .executableTarget(
      name: "WebIOCommand",
      dependencies: [
        "WebIO", "WebIODev", "WebIOTunnel", "WebIOTLS", "WebIOHTTP", "WebIOPosix", "CWebIOFrontend", "CWebIOTemplates",
      ],
      swiftSettings: strict),

    // Real parts: Chromium through chromedriver, OpenSSH's sshd, the built `webio`.
    .target(
      name: "TestSupport", dependencies: ["WebIOPosix", "CWebIOLinux"], path: "Tests/Support", swiftSettings: strict),
    .executableTarget(
      name: "TestServer", dependencies: ["WebIO", "WebIOHTTP", "WebIOTLS", "WebIOPosix"], path: "Tests/Server",
      swiftSettings: strict),
    .testTarget(name: "EndToEndTests", dependencies: ["TestSupport", "WebIOCommand", "WebIOPosix"], swiftSettings: strict),
    .testTarget(
      name: "PageEndToEndTests", dependencies: ["TestSupport", "WebIO", "WebIOHTTP", "WebIOPosix"], swiftSettings: strict),

    .testTarget(
      name: "WebIOTests", dependencies: ["WebIO", "WebIOHTTP", "WebIOPosix", "TestSupport", "TestServer"], swiftSettings: strict
    ),
    // All parsers in one place, for `.ci/fuzz` runs them one after the other.
    .testTarget(
      name: "FuzzTests",
      dependencies: [
        "WebIOCommand", "WebIO", "WebIOTesting", "WebIODev", "WebIOTunnel", "WebIOHTTP", "WebIOPosix", "TestSupport",
      ],
      swiftSettings: strict),
    // By itself, for it measures the whole process.
    .testTarget(name: "WebIOSoakTests", dependencies: ["WebIOTesting", "WebIO"], swiftSettings: strict),
    .testTarget(name: "WebIOTestingTests", dependencies: ["WebIOTesting", "WebIO"], swiftSettings: strict),
    .testTarget(
      name: "WebIOTLSTests", dependencies: ["WebIOTLS", "WebIOHTTP", "WebIOPosix", "TestSupport", "TestServer"],
      swiftSettings: strict),
    .testTarget(name: "WebIOPosixTests", dependencies: ["WebIOPosix"], swiftSettings: strict),
    .testTarget(name: "WebIODevTests", dependencies: ["WebIODev", "WebIOHTTP", "WebIOPosix"], swiftSettings: strict),
    .testTarget(
      name: "WebIOCommandTests", dependencies: ["WebIOCommand", "WebIOHTTP", "WebIOPosix"], swiftSettings: strict),
    .testTarget(
      name: "WebIOHTTPTests", dependencies: ["WebIOHTTP", "WebIOPosix", "TestSupport", "TestServer"],
      swiftSettings: strict),
    .testTarget(
      name: "WebIOTunnelTests", dependencies: ["WebIOTunnel", "WebIOHTTP", "WebIOPosix", "TestSupport"], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c2x
)

// `.ci/fuzz` builds with other flags in a place of its own, and there nothing that it does not run.
if Context.environment["WEBIO_FUZZ_ALONE"] != nil {
  package.targets.removeAll { $0.isTest && $0.name != "FuzzTests" }
}
