// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// An HTTPS server on loopback with a certificate of its own for 127.0.0.1:
/// Python's, because no TLS server comes with Swift.
final class TLSServer: Sendable {
    let url: String
    let certificateFile: String
    private let process: Process
    private let input = Pipe()
    private let folder: URL

    init() async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "tranship-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let certificate = folder.appendingPathComponent("cert.pem").path
        let key = folder.appendingPathComponent("key.pem").path
        certificateFile = certificate
        let process = Process()
        self.process = process
        let input = input
        url = try await blocking {
            try run([
                "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out",
                certificate,
            ])
            let output = Pipe()
            process.standardInput = input
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = ["python3", "-c", Self.script, certificate, key]
            process.standardOutput = output
            process.standardError = FileHandle.nullDevice
            try process.run()
            let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
            return "https://127.0.0.1:\(line.trimmingCharacters(in: .whitespacesAndNewlines))"
        }
    }

    deinit {
        // Not terminate(): threads of Dispatch block SIGTERM, and a child
        // inherits that.
        kill(process.processIdentifier, SIGKILL)
        try? FileManager.default.removeItem(at: folder)
    }

    private static let script = #"""
        import http.server, os, socket, socketserver, ssl, sys, threading

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                self.answer(200, b"x" * 100000)

            def do_PUT(self):
                if self.path == "/early":
                    self.rfile.read(1000)
                    self.close_connection = True
                    return self.answer(409, b"early words")
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.answer(201, str(len(body)).encode())

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True

            def finish_request(self, request, address):
                # Or the end of an answer would wait here, and a reset would drop it.
                request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                request = context.wrap_socket(request, server_side=True)
                super().finish_request(request, address)

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
        # The end of the pipe is the end of the tests, however they ended.
        threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
        server = Server(("127.0.0.1", 0), Handler)
        print(server.server_address[1], flush=True)
        server.serve_forever()
        """#
}

private func run(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
}
