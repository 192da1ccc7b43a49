// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A server on loopback with a certificate of its own for 127.0.0.1: Python's,
/// because no TLS server comes with Swift.
public final class TLSProcess: Sendable {
    public let url: String
    public let certificateFile: String
    private let process: Process
    private let input = Pipe()
    private let folder: URL

    /// - Parameters:
    ///   - script: Python. It gets the files of the certificate and of the key,
    ///     then `arguments`; prints its port, and ends with its standard input.
    public init(script: String, arguments: [String] = []) async throws {
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
            process.arguments = ["python3", "-c", script, certificate, key] + arguments
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
