import CWebIOFrontend
import WebIO
import WebIODev

/// The gateway's share of the page's files.
enum PageParts {
  static let assets: [String: GatewayAsset] = [
    "/__webio/dev.js": GatewayAsset(FrontendLinker.dev, "text/javascript; charset=utf-8")
  ]

  static let inspectorPage = file("inspect.html")
  static let inspectorAssets: [String: GatewayAsset] = [
    "/inspect.js": GatewayAsset(file("inspect.js"), "text/javascript; charset=utf-8"),
    "/inspect.css": GatewayAsset(file("inspect.css"), "text/css; charset=utf-8"),
  ]

  static let waitingPage = file("waiting.html")

  private static func file(_ name: String) -> [UInt8] {
    guard let asset = webio_frontend_lookup(name, name.utf8.count)?.pointee else {
      preconditionFailure("the page has no file \(name)")
    }
    return Array(UnsafeRawBufferPointer(start: asset.bytes, count: asset.size))
  }
}
