import Glibc
import Testing
import WebIOPosix

@testable import WebIODev

/// An app that speaks as much HTTP as the gateway's tests need, in Python: it is there at once, where a Swift one would
/// have to be built.
enum FakeApp {
  static let python = "/usr/bin/python3"

  /// Modes are further arguments: `ignore-term`, `fork`, `crash-at-start`, `hang-at-start`, `chatty`, `own-port`.
  static let script = #"""
    import hashlib, os, signal, socket, sys, threading, time
    modes = sys.argv[1:]
    if "ignore-term" in modes: signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "fork" in modes and os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True: time.sleep(60)
    if "crash-at-start" in modes:
        print("about to crash", flush=True)
        os.kill(os.getpid(), signal.SIGSEGV)
    if "hang-at-start" in modes:
        while True: time.sleep(60)
    listener = socket.socket(fileno=int(os.environ["WEBIO_LISTEN_FD"]))
    if "own-port" in modes: listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(True)
    generation = os.environ["WEBIO_GENERATION"]

    def serve(connection):
        stream = connection.makefile("rb", 1 << 16)
        while True:
            line = stream.readline()
            if not line: break
            method, target, _ = line.decode().split(" ")
            fields = []
            while (line := stream.readline().decode("latin-1").rstrip("\r\n")): fields.append(line.split(": ", 1))
            get = lambda name: next((v for n, v in fields if n.lower() == name), None)
            path, _, query = target.partition("?")
            def head(status, *lines): connection.sendall(("HTTP/1.1 " + status + "\r\n" + "".join(l + "\r\n" for l in lines) + "\r\n").encode())
            def answer(body, *lines, status="200 OK"):
                head(status, "Content-Length: %d" % len(body), *lines)
                if method != "HEAD": connection.sendall(body)
            if get("upgrade"):
                head("101 Switching Protocols", "Connection: Upgrade", "Upgrade: " + get("upgrade"))
                total = 0
                while True:
                    chunk = stream.read1(1 << 16)
                    if not chunk: break
                    total += len(chunk)
                    connection.sendall(chunk)
                connection.sendall(b"total %d" % total)
                break
            digest = hashlib.sha256(); size = 0
            if get("content-length"):
                left = int(get("content-length"))
                while left and path != "/refuse":
                    chunk = stream.read(min(left, 1 << 20)); left -= len(chunk); size += len(chunk); digest.update(chunk)
            elif get("transfer-encoding"):
                while True:
                    n = int(stream.readline(), 16)
                    chunk = stream.read(n); stream.readline(); size += n; digest.update(chunk)
                    if n == 0: break
            if path == "/gen": answer(generation.encode())
            elif path == "/headers": answer("\n".join("%s: %s" % (n, v) for n, v in fields).encode(), "Webio-Developer: leak", "X-App: yes", "Connection: X-Secret", "X-Secret: 1")
            elif path == "/echo": answer(b"%d %s" % (size, digest.hexdigest().encode()))
            elif path == "/download":
                n = int(query); block = bytes(range(256)) * 4096
                head("200 OK", "Content-Length: %d" % n)
                while n > 0: connection.sendall(block[:n]); n -= min(n, len(block))
            elif path == "/events":
                head("200 OK", "Content-Type: text/event-stream", "Transfer-Encoding: chunked")
                for i in range(int(query)):
                    data = b"data: %f\n\n" % time.monotonic()
                    connection.sendall(b"%x\r\n%s\r\n" % (len(data), data)); time.sleep(0.02)
                connection.sendall(b"0\r\n\r\n")
            elif path == "/slow": time.sleep(int(query) / 1000); answer(generation.encode())
            elif path == "/refuse":
                    answer(b"no", "Connection: close", status="413 Content Too Large")
                    connection.shutdown(socket.SHUT_WR)
                    while stream.read1(1 << 20): pass
                    break
            elif path == "/half": head("200 OK", "Content-Length: 100"); connection.sendall(b"half"); break
            elif path == "/die": print("dying", flush=True); os._exit(3)
            elif path == "/silent": break
            elif path == "/segv": os.kill(os.getpid(), signal.SIGSEGV)
            else: answer(b"path " + target.encode())
            if (get("connection") or "").lower() == "close": break
        try: connection.shutdown(socket.SHUT_WR)
        except OSError: pass
        connection.close()

    def quietly(connection):
        try: serve(connection)
        except OSError: pass
    print("generation " + generation, flush=True)
    if "chatty" in modes:
        def chat():
            line = "x" * 1000 + "\n"
            while True: sys.stdout.write(line)
        threading.Thread(target=chat, daemon=True).start()
    os.write(int(os.environ["WEBIO_READY_FD"]), b"ready %d\n" % listener.getsockname()[1] if "own-port" in modes else b"ready\n")
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=quietly, args=(connection,), daemon=True).start()
    """#

  /// The script's path.
  static func write(to scratch: Scratch) throws -> String { try scratch.write("app.py", script) }

  /// Starts one and waits until it serves.
  @EventLoop
  static func start(
    _ scratch: Scratch, generation: Int = 1, _ modes: [String] = [], token: String = "token",
    events: Recorder<AppProcess.Event> = Recorder()
  ) async throws -> AppProcess {
    let app = try AppProcess(
      executable: python, arguments: [try write(to: scratch)] + modes, directory: scratch.path,
      environment: Environment.all, generation: generation, token: token
    ) { events.add($0) }
    #expect(await events.wait { $0.contains(.ready) })
    return app
  }
}
