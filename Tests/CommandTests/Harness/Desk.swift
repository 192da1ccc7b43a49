// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceServer
import TestSupport
import Testing

/// An operator's working folder: the two clouds `alpha` and `beta`, one image, one file, and the
/// commands that the operator types.
struct Desk {
    let alpha: GlanceServer
    let beta: GlanceServer
    private(set) var shell: Shell

    /// An address at which no server answers: port 9 of this machine.
    static let deadAddress = "http://127.0.0.1:9"

    init() throws {
        alpha = try GlanceServer()
        beta = try GlanceServer()
        shell = try Shell()
        shell.environment["OS_CLIENT_CONFIG_FILE"] = shell.folder.path + "/clouds.yaml"
        alpha.put(
            UUID().uuidString.lowercased(), data: Array(repeating: 7, count: 5000),
            ["name": "ubuntu-24.04", "disk_format": "raw", "container_format": "bare"])
        try write("clouds.yaml", Self.clouds(alpha: alpha.url, beta: beta.url))
        try Data(FaultyWeb.noise).write(to: shell.folder.appendingPathComponent("a.raw"))
    }

    static func clouds(alpha: String, beta: String) -> String {
        """
        clouds:
          alpha: { auth_type: none, image_endpoint_override: "\(alpha)" }
          beta: { auth_type: none, image_endpoint_override: "\(beta)" }

        """
    }

    /// Writes a file into the folder.
    func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: shell.folder.appendingPathComponent(name))
    }

    /// Returns the text of a pipeline from the file `a.raw` to beta, with parts replaced.
    static func pipeline(_ changes: [(String, String)] = []) -> String {
        let text = """
            version: 1
            name: night
            sources:
              - file: ./a.raw
                image: { name: copy, disk_format: raw, container_format: bare }
            targets:
              - cloud: beta

            """
        return changes.reduce(text) { $0.replacing($1.0, with: $1.1) }
    }

    func run(_ command: String) async throws -> Outcome { try await shell.run(command) }

    func remove() { shell.remove() }
}

extension Outcome {
    /// The status and all output, for the message of a failing test.
    var said: String { "status \(status)\n\(output)\(talk)" }

    /// The next commands that the end of a run names.
    var nextCommands: [String] {
        talk.split(separator: "\n").compactMap { line in
            guard line.contains(#/ [0-9]+\. /#),
                let start = line.range(of: "tranship ", options: .backwards)
            else { return nil }
            return String(line[start.lowerBound...])
        }
    }
}
