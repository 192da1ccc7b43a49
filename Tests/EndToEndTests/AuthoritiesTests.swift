// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The certificates that count. Runs in a mount namespace with another folder of the system's
/// authorities: Debian builds curl with that folder.
@Suite(.timeLimit(.minutes(2))) struct AuthoritiesTests {
    private static let server = #"""
        import http.server, os, ssl, sys, threading

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = b'{"versions": [{"id": "v2.9", "status": "CURRENT", "links": []}]}'
                self.send_response(300)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
        threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        print(server.server_address[1], flush=True)
        server.serve_forever()
        """#

    private func shell(
        _ command: String, in folder: TemporaryFolder
    ) async throws -> (status: Int32, said: String) {
        let said = URL(fileURLWithPath: folder.file("said"))
        let process = try StartedProcess(
            shell: command, environment: ProcessInfo.processInfo.environment,
            folder: URL(fileURLWithPath: folder.path), output: said, talk: said)
        let status = await process.status
        return (status, try String(contentsOf: said, encoding: .utf8))
    }

    @Test func `A cacert replaces the authorities of the system`() async throws {
        let folder = try TemporaryFolder()
        let server = try await TLSProcess(script: Self.server)
        let prepared = try await shell(
            """
            set -e
            openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other \
                -keyout other.key -out other.pem
            mkdir system
            cp \(server.certificateFile) system/server.pem
            cp \(server.certificateFile) system/ca-certificates.crt
            openssl rehash system
            unshare -rm true
            """, in: folder)
        // On some systems, only the administrator may make namespaces.
        if prepared.said.contains("unshare") { return }
        try #require(prepared.status == 0, "\(prepared.said)")
        let tranship = StartedProcess.tranship.path
        for (cacert, isTrusted) in [
            ("other.pem", false), (server.certificateFile, true), (nil, true),
        ] {
            var entry = "clouds: { a: { auth_type: none, image_endpoint_override: \(server.url)"
            if let cacert { entry += ", cacert: \(cacert)" }
            try folder.write(Array("\(entry) } }\n".utf8), to: "clouds.yaml")
            let (status, said) = try await shell(
                """
                OS_CLIENT_CONFIG_FILE=clouds.yaml unshare -rm sh -c \
                    'mount --bind system /etc/ssl/certs && exec \(tranship) versions --cloud a'
                """, in: folder)
            #expect(status == (isTrusted ? 0 : 7), "\(cacert ?? "none"): \(said)")
        }
    }
}
