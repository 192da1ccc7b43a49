// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import LabSupport
import TestSupport
import Testing

/// Three projects on alpha and on beta, each with a user, and alpha's images.
///
/// Uses openstacksdk to make, fill and read them (`Tests/reference/departure.py`): no line of our
/// code is between a user and the service.
struct Departure {
    private let scene: Scene
    private let cloudsFile: String

    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../reference/departure.py").standardizedFileURL.path

    /// Runs a body with projects and images, and removes the projects afterwards.
    static func with(_ scene: Scene, _ body: (Departure) async throws -> Void) async throws {
        let departure = Departure(
            scene: scene, cloudsFile: scene.folder.appendingPathComponent("users.yaml").path)
        do {
            try await departure.sdk("make", departure.cloudsFile)
            try await departure.sdk("fill", clouds: departure.cloudsFile)
            try await body(departure)
        } catch {
            try await departure.sdk("remove")
            throw error
        }
        try await departure.sdk("remove")
    }

    /// Returns one line for each thing that the three users see at a cloud.
    ///
    /// Leaves out the lines of rejected offers: an offer that a project rejected is not made to it
    /// again.
    func seen(at cloud: String) async throws -> [String] {
        try await sdk("see", cloud, clouds: cloudsFile).split(separator: "\n").map(String.init)
            .filter { !$0.hasSuffix(" rejected") && $0.split(separator: " ")[1] != "rejected" }
            .sorted()
    }

    static func expectSame(
        _ before: [String], _ after: [String], at location: SourceLocation = #_sourceLocation
    ) {
        #expect(
            after == before,
            """
            lost:
            \(missing(before, in: after))
            new:
            \(missing(after, in: before))
            """, sourceLocation: location)
    }

    /// Returns the lines of one list that the other one lacks, for messages.
    private static func missing(_ lines: [String], in others: [String]) -> String {
        Set(lines).subtracting(others).sorted().joined(separator: "\n")
    }

    @discardableResult
    private func sdk(
        _ command: String, _ argument: String? = nil, clouds: String = Lab.cloudsFile
    ) async throws -> String {
        let outcome = try await RunningCommand(
            [Self.script, command, scene.prefix] + [argument].compactMap(\.self),
            environment: [
                "OS_CLIENT_CONFIG_FILE": clouds, "PATH": "/usr/bin:/bin", "HOME": scene.folder.path,
                "PYTHONDONTWRITEBYTECODE": "1",
            ], folder: scene.folder, binary: Lab.python
        ).outcome()
        try #require(outcome.status == 0, outcome.said)
        return outcome.output
    }
}
