// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationJournal
import MigrationModel
import MigrationPipeline
import TestSupport
import Testing

@testable import TranshipKit

@Suite(.timeLimit(.minutes(3))) struct PipelineRunHooksTests {
    private let nights: Nights

    init() throws { nights = try Nights("beta") }

    private func script(_ name: String, _ lines: String) throws {
        let path = try nights.folder.write(Array("#!/bin/sh\n\(lines)\n".utf8), to: name)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }

    private func run(_ hooks: String, seconds: Double? = nil) throws -> PipelineRun {
        try nights.run(
            rules: "", settings: "hooks: { \(hooks) }", tuned: { $0.hookSeconds = seconds })
    }

    private func text(_ name: String) -> String? {
        (try? nights.folder.bytes(of: name)).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `A hook gets its words as they are, the report and the exit code`() async throws {
        try script(
            "hook.sh",
            """
            cd "$(dirname "$0")"
            cat > report
            printf '%s\\n' "$@" > words
            echo "$TRANSHIP_PIPELINE $TRANSHIP_EXIT_STATUS ${HOME:+has-home}" > variables
            """)
        let run = try run("on_failure: [./hook.sh, '$(touch bad)', 'a b; touch bad', '*']")
        #expect(!run.hasHook(for: .done) && run.hasHook(for: .someFailed))
        try await run.runHook(for: .someFailed, report: #"{"type":"report"}"#)
        #expect(text("report") == #"{"type":"report"}"#)
        #expect(text("words") == "$(touch bad)\na b; touch bad\n*\n")
        #expect(text("variables") == "nights 3 has-home\n")
        #expect(text("bad") == nil)
        // After a success, the hook has nothing to do.
        try FileManager.default.removeItem(atPath: nights.folder.file("report"))
        try await run.runHook(for: .done, report: "x")
        #expect(text("report") == nil)
    }

    @Test func `A program without a slash is looked up, and may end without reading`()
        async throws
    {
        let report = String(repeating: "x", count: 1 << 20)
        try await run("on_success: [true]").runHook(for: .done, report: report)
    }

    @Test func `A hook that fails, hangs or is missing says so`() async throws {
        try script("fails.sh", "exit 7")
        try script("hangs.sh", "sleep 50 & sleep 50")
        for (hook, words) in [
            ("./fails.sh", "fails.sh ended with exit code 7"),
            ("./hangs.sh", "hangs.sh did not end within 1 seconds"),
            ("./missing.sh", "cannot run"), ("no-such-program-here", "cannot run"),
        ] {
            let began = Date()
            let error = await failure {
                try await run("on_success: [\(hook)]", seconds: hook == "./hangs.sh" ? 1 : 50)
                    .runHook(for: .done, report: "{}")
            }
            #expect(error?.message.contains(words) == true, "\(hook): \(error as Any)")
            #expect(Date().timeIntervalSince(began) < 45)
        }
    }

    @Test func `A journal that keeps a day forgets the nights before`() async throws {
        func night(_ version: UInt64, days: Int64) async throws {
            let run = try nights.run(
                ["a": noise(5000, seed: version)],
                rules: "keep: 1, previous: hide, expired: { action: delete, after: 0s }",
                settings: "journal: { keep: 30d }",
                tuned: {
                    // The journal writes the machine's time.
                    $0.surroundings.now = { Timestamp.now() + days * 86_400_000 }
                })
            _ = try await nights.night(run)
        }
        for version in 1...4 as ClosedRange<UInt64> { try await night(version, days: 29) }
        #expect(try await nights.journal.run(1) != nil)
        try await night(5, days: 31)
        try await night(5, days: 31)
        // The versions of these runs are deleted; the others are still known as ours.
        #expect(try await nights.journal.run(1) == nil)
        #expect(try await nights.journal.run(2) == nil)
        var known: [String] = []
        try await SeriesStatus.read(nights.journal) { series throws(TranshipError) in
            known = series.versions.map { "\($0.standing)" }
        }
        #expect(known == ["current", "hidden"])
        try await night(6, days: 31)
        #expect(nights.standing(6) == "a" && nights.standing(5) == "a hidden")
        #expect(nights.standing(4) == nil)
    }
}
