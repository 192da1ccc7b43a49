// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// An HTTPS server with a certificate of its own for 127.0.0.1.
final class TLSServer: Sendable {
    private let process: TLSProcess

    init() async throws { process = try await TLSProcess(script: Self.script) }

    var url: String { process.url }
    var certificateFile: String { process.certificateFile }

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
                if self.path in ("/ended", "/cut"):
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.write(b"x" * 100000)
                    self.close_connection = True
                    try:
                        if self.path == "/ended":
                            self.connection.unwrap()
                        self.connection.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        pass
                    return
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
