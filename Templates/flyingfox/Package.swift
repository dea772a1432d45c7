// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "{{name}}",
  dependencies: [
    {{toolkit}},
    .package(url: "https://github.com/swhitty/FlyingFox.git", from: "0.27.0"),
  ],
  targets: [
    .executableTarget(
      name: "{{module}}",
      dependencies: [
        .product(name: "WebIO", package: "WebIO"),
        .product(name: "FlyingFox", package: "FlyingFox"),
        .product(name: "FlyingSocks", package: "FlyingFox"),
      ],
      path: "Sources"),
    .testTarget(name: "{{module}}Tests", dependencies: ["{{module}}"], path: "Tests"),
  ]
)
