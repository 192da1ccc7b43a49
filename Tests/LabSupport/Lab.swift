// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ByteStreams
package import Foundation
import TestSupport
import Testing

/// The lab: real clouds on this machine (docs/lab.md).
///
/// `TRANSHIP_LAB` names its folder, as `scripts/lab env` prints it.
package enum Lab {
    /// The folder of the lab; empty if there is none.
    package static let folder = ProcessInfo.processInfo.environment["TRANSHIP_LAB"] ?? ""
    package static let cloudsFile = "\(folder)/clouds.yaml"
    package static let isUp = FileManager.default.fileExists(atPath: cloudsFile)
    /// The interpreter that has openstacksdk.
    package static let python = URL(fileURLWithPath: "\(folder)/venv/bin/python")
    /// The legacy cloud's Image service; nil if it does not run
    /// (`scripts/lab legacy up`).
    package static let legacyURL = ProcessInfo.processInfo.environment["TRANSHIP_LAB_LEGACY"]

    /// The address of Apache in front of alpha's Keystone; nil if it does not run (`scripts/lab
    /// oidc up`).
    package static let federationURL = ProcessInfo.processInfo.environment["TRANSHIP_LAB_OIDC"]

    /// The folder of the repository.
    package static let repository =
        ProcessInfo.processInfo.environment["TRANSHIP_REPO"]
        ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../..").standardizedFileURL.path

    /// Runs `scripts/lab`.
    ///
    /// - Returns: its standard output.
    /// - Throws: an expectation failure with its messages, if it fails.
    @discardableResult
    package static func run(_ arguments: [String]) async throws -> String {
        let folder = try TemporaryFolder()
        let files = ["output", "talk"].map { URL(fileURLWithPath: folder.file($0)) }
        let process = try StartedProcess(
            URL(fileURLWithPath: "\(repository)/scripts/lab"), arguments,
            environment: ProcessInfo.processInfo.environment, output: files[0], talk: files[1])
        let status = await process.status
        let said = try files.map { try String(contentsOf: $0, encoding: .utf8) }
        try #require(status == 0, "\(arguments): \(said.joined(separator: "\n"))")
        return said[0]
    }

    /// Runs `body` between two commands of the lab. The second one runs even if
    /// `body` fails.
    private static func between(
        _ begin: [String], _ end: [String], _ body: () async throws -> Void
    ) async throws {
        try await run(begin)
        do {
            try await body()
        } catch {
            try await run(end)
            throw error
        }
        try await run(end)
    }

    /// Runs with a setting of a cloud changed, then restores it.
    package static func with(
        _ name: String, _ value: String, of cloud: String, _ body: () async throws -> Void
    ) async throws {
        try await between(["set", cloud, name, value], ["set", cloud, name, "default"], body)
    }

    /// Runs with one of Keystone's limits, which Glance obeys while
    /// `unified-limits` is on.
    package static func withLimit(
        _ name: String, _ value: Int, of cloud: String, _ body: () async throws -> Void
    ) async throws {
        try await between(
            ["limit", cloud, name, "\(value)"], ["limit", cloud, name, "default"], body)
    }

    /// Runs while every operation on a store fails.
    package static func withBroken(
        _ store: String, of cloud: String, _ body: () async throws -> Void
    ) async throws {
        try await between(["break", cloud, store], ["mend", cloud, store], body)
    }

    /// Runs with the two Image services that have no Keystone. They stay up until
    /// the lab goes down.
    package static func withExtras(_ body: () async throws -> Void) async throws {
        try await run(["extra", "up"])
        try await body()
    }

    /// Starts the lab's web server and returns its URL. It also listens on 127.0.0.2, from which no
    /// Glance may fetch.
    package static func webServer() async throws -> String {
        try await run(["serve"]).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
