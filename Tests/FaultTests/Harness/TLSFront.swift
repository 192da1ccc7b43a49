// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// TLS in front of a plain server. If that server closes, the connection is cut: the other side
/// gets no close_notify, by which TLS distinguishes a cut from an end.
struct TLSFront: Sendable {
    private let process: TLSProcess

    init(before port: UInt16) async throws {
        process = try await TLSProcess(script: Self.script, arguments: ["\(port)"])
    }

    var url: String { process.url }
    var certificateFile: String { process.certificateFile }

    private static let script = #"""
        import os, select, socket, ssl, sys, threading

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])

        def pass_on(tls, plain):
            while True:
                ready = [tls] if tls.pending() else select.select([tls, plain], [], [])[0]
                for one in ready:
                    data = one.recv(1 << 16)
                    if not data:
                        return
                    (plain if one is tls else tls).sendall(data)

        def serve(connection):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                with socket.create_connection(("127.0.0.1", int(sys.argv[3]))) as plain:
                    tls = context.wrap_socket(connection, server_side=True)
                    try:
                        pass_on(tls, plain)
                    finally:
                        # Of the connection, and nothing is said in TLS.
                        tls.shutdown(socket.SHUT_RDWR)
                        tls.close()
            except OSError:
                connection.close()

        # The end of the pipe is the end of the tests, however they ended.
        threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
        server = socket.create_server(("127.0.0.1", 0))
        print(server.getsockname()[1], flush=True)
        while True:
            connection = server.accept()[0]
            threading.Thread(target=serve, args=(connection,), daemon=True).start()
        """#
}
