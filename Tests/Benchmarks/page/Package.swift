// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "PageBenchmark",
  dependencies: [.package(name: "WebIO", path: "../../..")],
  targets: [
    .executableTarget(name: "PageBenchmark", dependencies: [.product(name: "WebIO", package: "WebIO")], path: "Sources")
  ],
  swiftLanguageModes: [.v6]
)
