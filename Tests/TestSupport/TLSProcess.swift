// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A server on loopback with a certificate of its own for 127.0.0.1. It is Python's, because Swift
/// comes without a TLS server.
public final class TLSProcess: Sendable {
    public let url: String
    public let certificateFile: String
    private let pid: Int32
    /// The pipe to the server, which ends when the writing end is closed.
    private let input: PipeEnds
    private let folder: URL

    /// - Parameters:
    ///   - script: a Python script. It gets the files of the certificate and of the key, then
    ///     `arguments`. It prints its port, and ends with its standard input.
    public init(script: String, arguments: [String] = []) async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "tranship-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let certificate = folder.appendingPathComponent("cert.pem").path
        let key = folder.appendingPathComponent("key.pem").path
        certificateFile = certificate
        let (input, output) = (try PipeEnds(), try PipeEnds())
        self.input = input
        (pid, url) = try await blocking {
            let making = try ChildProcess.start([
                "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out",
                certificate,
            ])
            guard ChildProcess.wait(for: making) == 0 else { throw CocoaError(.executableLoad) }
            let pid = try ChildProcess.start(
                ["python3", "-c", script, certificate, key] + arguments,
                .init(input: input.reading, output: output.writing))
            close(input.reading)
            close(output.writing)
            let port = output.text(lines: 1).trimmingCharacters(in: .whitespacesAndNewlines)
            close(output.reading)
            return (pid, "https://127.0.0.1:\(port)")
        }
    }

    deinit {
        kill(pid, SIGKILL)
        _ = ChildProcess.wait(for: pid)
        close(input.writing)
        try? FileManager.default.removeItem(at: folder)
    }
}
