// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import LabSupport
import TestSupport
import Testing

/// Every command against a real cloud, as a user types it.
@Suite(.serialized, .enabled(if: Lab.isUp), .timeLimit(.minutes(5)))
struct CommandTests {
    @Test(arguments: Transcript.names.filter { !$0.hasPrefix("v1") })
    func `Commands say what their transcript says`(name: String) async throws {
        try await replay(Transcript(name))
    }

    /// Uses the lab's real legacy cloud, if it has one (`scripts/lab legacy up`).
    @Test(arguments: Transcript.names.filter { $0.hasPrefix("v1") }, LegacyCloud.addresses)
    func `Commands on a legacy cloud say what their transcript says`(
        name: String, address: String?
    ) async throws {
        let server = address == nil ? try LegacyImageServer() : nil
        try await replay(Transcript(name), legacy: address ?? server?.url)
        withExtendedLifetime(server) {}
    }

    private func replay(_ transcript: Transcript, legacy: String? = nil) async throws {
        let shell = try Shell()
        defer { shell.remove() }
        let web = try FaultyWeb()
        defer { withExtendedLifetime(web) {} }
        var words = [
            "name": "cli-\(UUID().uuidString.prefix(8).lowercased())", "dir": shell.folder.path,
            "web": web.url, "broken-cloud": Self.cloud(at: web.url), "short": FaultyWeb.shortID,
            "wrong": FaultyWeb.wrongID, "unproved": FaultyWeb.unprovedID,
        ]
        words["legacy-cloud"] = legacy.map(Self.cloud)
        for step in transcript.steps {
            guard let learned = try await check(step, in: transcript, shell, words) else { break }
            words.merge(learned) { $1 }
        }
        for step in transcript.endings.reversed() {
            // If a word was never learned, its resource was never made.
            guard let command = try? Pattern.filled(step.command, words: words) else { continue }
            let outcome = try await shell.run(command)
            if outcome.status != step.status {
                record("cannot clean up", step, transcript, outcome)
            }
        }
    }

    /// Returns the beginning of a command on a service without Keystone.
    private static func cloud(at url: String) -> String {
        "env -u OS_CLOUD -u OS_CLIENT_CONFIG_FILE OS_AUTH_TYPE=none OS_IMAGE_ENDPOINT_OVERRIDE=\(url)"
    }

    /// Returns the learned words; nil if the output differs.
    private func check(
        _ step: Transcript.Step, in transcript: Transcript, _ shell: Shell,
        _ words: [String: String]
    ) async throws -> [String: String]? {
        let outcome = try await shell.run(try Pattern.filled(step.command, words: words))
        guard outcome.status == step.status else {
            record("exit code \(outcome.status)", step, transcript, outcome)
            return nil
        }
        guard var learned = try Pattern(lines: step.output).match(outcome.output, words: words)
        else {
            record("standard output differs", step, transcript, outcome)
            return nil
        }
        let known = words.merging(learned) { $1 }
        guard let more = try Pattern(lines: step.talk).match(outcome.talk, words: known) else {
            record("standard error differs", step, transcript, outcome)
            return nil
        }
        learned.merge(more) { $1 }
        return learned
    }

    private func record(
        _ what: String, _ step: Transcript.Step, _ transcript: Transcript, _ outcome: Outcome
    ) {
        Issue.record(
            """
            \(what), \(transcript.file.lastPathComponent):\(step.line)
            $ \(step.command)
            --- expected, status \(step.status)
            \((step.output + step.talk.map { "2> \($0)" }).joined(separator: "\n"))
            --- said, status \(outcome.status)
            \(outcome.output)--- standard error
            \(outcome.talk)
            """,
            sourceLocation: SourceLocation(
                fileID: "CommandTests/\(transcript.file.lastPathComponent)",
                filePath: transcript.file.path, line: step.line, column: 1))
    }
}

enum LegacyCloud {
    /// The addresses of legacy clouds; nil is the one in this process.
    static let addresses: [String?] = Lab.legacyURL.map { [nil, $0] } ?? [nil]
}
