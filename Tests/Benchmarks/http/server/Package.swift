// swift-tools-version: 6.2
import PackageDescription

// What the measurements of this folder talk to: built and started by them.
let package = Package(
  name: "server",
  dependencies: [.package(name: "WebIO", path: "../../../..")],
  targets: [
    .executableTarget(name: "plain", dependencies: [.product(name: "WebIOHTTP", package: "WebIO")]),
    .executableTarget(name: "app", dependencies: [.product(name: "WebIO", package: "WebIO")]),
  ],
  swiftLanguageModes: [.v6]
)
