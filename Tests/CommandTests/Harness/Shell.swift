// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import LabSupport
import TestSupport

/// The end of a command and its output.
struct Outcome: Sendable {
    /// The exit code; 128 and the signal's number if a signal ended the command.
    var status: Int32
    var output: String
    var talk: String
}

/// Runs commands with the built `tranship` in their path. Of the environment of the tests, they get
/// only the lab's.
struct Shell: Sendable {
    /// The folder in which the commands run, and which only they use.
    let folder: URL
    var environment: [String: String]

    init() throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("tranship-commands-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        environment = [
            "PATH": "\(StartedProcess.commands.path):\(path)", "HOME": folder.path,
            "LC_ALL": "C.UTF-8",
            "OS_CLIENT_CONFIG_FILE": Lab.cloudsFile, "OS_CLOUD": "alpha",
            "SWIFT_BACKTRACE": "enable=no",
        ]
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }

    func run(_ command: String) async throws -> Outcome {
        let said = folder.appendingPathComponent(".said-\(UUID().uuidString)")
        let files = ["out", "err"].map { said.appendingPathExtension($0) }
        defer { for file in files { try? FileManager.default.removeItem(at: file) } }
        let process = try StartedProcess(
            shell: command, environment: environment, folder: folder, output: files[0],
            talk: files[1])
        let status = await process.status
        return Outcome(
            status: status, output: try String(contentsOf: files[0], encoding: .utf8),
            talk: try String(contentsOf: files[1], encoding: .utf8))
    }
}
