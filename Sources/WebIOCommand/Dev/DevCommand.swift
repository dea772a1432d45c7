import WebIODev
import WebIOPosix
import WebIOTunnel

/// `webio dev`: runs a package or a single file, and follows each save.
struct DevCommand {
  static let flags =
    [
      Flag("port", .required("N"), "the port to listen on (default: 8080, or the next free one; 0: any free one)"),
      Flag("host", .required("H"), "the address to listen on (default: localhost, this machine only)"),
      Flag("https", .none, "serve HTTPS, with a certificate of an authority of your own (webio help https)"),
      Flag("open", .none, "open the page in the browser"),
      Flag("no-open", .none, "open no browser"),
      Flag("share", .optional("PROVIDER"), "also give it a public address, as webio share does"),
      Flag("product", .required("NAME"), "which executable of the package to run"),
      Flag("state", .required("replay|restart"), "what a reload does with open pages (default: replay, they keep their place)"),
      Flag("poll", .optional("MS"), "look for changed files every so often instead of being told by the kernel"),
      Flag("json", .none, "print events as JSON lines on standard output"),
      Flag("once", .none, "end with exit code 1 at the first build or app that fails"),
    ] + TunnelGroup.flags.filter { $0.name != "via" } + TunnelPresentation.flags + [
      Flag("toolkit", .required("PATH"), "the WebIO checkout that a single file uses"),
      Flag("toolkit-url", .required("URL@VERSION"), "the WebIO version that a single file uses"),
    ]

  private let arguments: Arguments

  init(_ words: [String]) throws {
    arguments = try Arguments(words, flags: Self.flags, maximum: 1)
    if arguments.has("open"), arguments.has("no-open") {
      throw CommandError.usage("--open and --no-open exclude each other.")
    }
  }

  func run() throws -> Never {
    // Without a provider it is the default one, for the key that shares.
    let vias = arguments.values("share").map { $0.isEmpty ? "localhost.run" : $0 }
    let sharing = try Sharing(arguments, vias: vias)
    try DevServer.run(
      path: arguments.positionals.first ?? ".", arguments, Console(json: arguments.has("json")), sharing: sharing,
      sharesAtOnce: arguments.has("share"))
  }
}
