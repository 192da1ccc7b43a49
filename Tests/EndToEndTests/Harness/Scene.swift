// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import TestSupport
import Testing

/// The world of one test: a unique name prefix, and an empty folder with a journal.
struct Scene: Sendable {
    let prefix: String
    let folder: URL
    var alpha: LabCloud { .alpha }
    var beta: LabCloud { .beta }

    /// - Parameter parent: the parent of the folder; nil for the one for temporary files.
    init(_ topic: String, under parent: String? = nil) throws {
        prefix = "e2e-\(topic)-\(UUID().uuidString.prefix(6).lowercased())"
        folder = (parent.map { URL(fileURLWithPath: $0) } ?? FileManager.default.temporaryDirectory)
            .appendingPathComponent(prefix)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    var journal: String { folder.appendingPathComponent("journal.sqlite").path }

    var environment: [String: String] {
        [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
            "HOME": folder.path, "XDG_STATE_HOME": folder.path,
            "OS_CLIENT_CONFIG_FILE": Lab.cloudsFile,
            // A crash should be short, but remain a crash.
            "SWIFT_BACKTRACE": "enable=no",
        ]
    }

    // MARK: Pipelines

    /// Writes a pipeline file and returns its path. Version and name are added.
    func pipeline(_ text: String, file: String = "pipeline.yaml") throws -> String {
        let path = folder.appendingPathComponent(file)
        try Data("version: 1\nname: \(prefix)\n\(text)\n".utf8).write(to: path)
        return path.path
    }

    /// Makes a pipeline for this test's images from alpha to beta.
    func cloudPipeline(
        source: String = "alpha", target: String = "beta", targetKeys: String = "",
        _ rest: String = ""
    ) throws -> String {
        try pipeline(
            """
            sources:
              - cloud: \(source)
                images: { name: "\(prefix)*", hidden: any }
            targets:
              - cloud: \(target)
            \(targetKeys.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n"))
            \(rest)
            """)
    }

    /// Makes a pipeline for the files `1.raw`, `2.raw`, … to beta, with the prefix before each
    /// name.
    func filesPipeline(_ count: Int, bytes: Int, _ rest: String = "") throws -> String {
        for number in 1...count {
            try file("\(number).raw", bytes: bytes, seed: UInt64(number))
        }
        return try pipeline(
            """
            sources:
              - file: ./*.raw
                image: { name: "\(prefix) {stem}", disk_format: raw, container_format: bare }
            targets: [{ cloud: beta }]
            \(rest)
            """)
    }

    /// Makes a pipeline for a URL to beta, with the prefix as its name.
    func urlPipeline(
        _ url: String, checksum: String? = nil, disk: String = "raw", _ rest: String = ""
    ) throws -> String {
        try pipeline(
            """
            sources:
              - url: \(url)
            \(checksum.map { "    checksum: \($0)" } ?? "")
                image: { name: "\(prefix)", disk_format: \(disk), container_format: bare }
            targets:
              - cloud: beta
            \(rest)
            """)
    }

    // MARK: Commands

    func start(
        _ arguments: [String], environment changes: [String: String] = [:], shell: String? = nil,
        binary: URL = StartedProcess.tranship
    ) throws -> RunningCommand {
        var arguments = arguments
        if !arguments.contains("--journal") { arguments += ["--journal", journal] }
        return try RunningCommand(
            arguments, environment: environment.merging(changes) { $1 }, folder: folder,
            shell: shell, binary: binary)
    }

    /// Runs a command to its end.
    func tranship(
        _ arguments: String..., environment: [String: String] = [:], shell: String? = nil
    ) async throws -> Outcome {
        try await start(arguments, environment: environment, shell: shell).outcome()
    }

    /// Returns the transfers in the journal.
    func journalled() async throws -> [JSONValue] {
        let outcome = try await tranship("status", "--format", "json")
        #expect(outcome.status == 0, outcome.said)
        return outcome.lines("transfer")
    }

    /// The files in the spool of this test's journal.
    var spooled: [String] { files(in: "journal.spool") }

    func files(in folder: String) -> [String] {
        let path = self.folder.appendingPathComponent(folder).path
        return (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    }

    // MARK: The end

    func cleanUp() async {
        for cloud in [LabCloud.alphaAdmin, .betaAdmin] {
            do {
                for image in try await cloud.images(prefix) { try await cloud.delete(image) }
            } catch {
                Issue.record("could not clean up: \(error)")
            }
        }
        try? FileManager.default.removeItem(at: folder)
    }
}

/// Runs a test in a scene of its own, and cleans up after it.
func scene(
    _ topic: String, under parent: String? = nil, _ body: (Scene) async throws -> Void
) async throws {
    let scene = try Scene(topic, under: parent)
    do {
        try await body(scene)
    } catch {
        await scene.cleanUp()
        throw error
    }
    await scene.cleanUp()
}
