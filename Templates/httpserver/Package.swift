// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "{{name}}",
  dependencies: [
    {{toolkit}}
  ],
  targets: [
    .executableTarget(
      name: "{{module}}",
      dependencies: [.product(name: "WebIO", package: "WebIO"), .product(name: "WebIOHTTP", package: "WebIO")],
      path: "Sources"),
    .testTarget(name: "{{module}}Tests", dependencies: ["{{module}}"], path: "Tests"),
  ]
)
