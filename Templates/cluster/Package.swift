// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "{{name}}",
  dependencies: [
    {{toolkit}}
  ],
  targets: [
    .executableTarget(
      name: "{{module}}", dependencies: [.product(name: "WebIO", package: "WebIO")], path: "Sources"),
    .testTarget(
      name: "{{module}}Tests", dependencies: ["{{module}}", .product(name: "WebIOTesting", package: "WebIO")],
      path: "Tests"),
  ]
)
