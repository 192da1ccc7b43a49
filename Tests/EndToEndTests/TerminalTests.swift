// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import LabSupport
import TestSupport
import Testing

@testable import tranship

extension EndToEndTests {
    /// Runs in real pseudoterminals.
    @Suite struct TerminalTests {
        private func pipeline(_ scene: Scene, mebibytes: Int = 4) throws -> String {
            for number in 1...2 {
                try scene.file(
                    "\(scene.prefix)-夜-\(number).raw", bytes: mebibytes * Sample.mebibyte,
                    seed: UInt64(number))
            }
            return try scene.pipeline(
                """
                sources:
                  - file: ./*.raw
                    image: { name: "{stem}", disk_format: raw, container_format: bare }
                targets: [{ cloud: beta, method: upload }]
                limits: { bandwidth: 2MiB/s }
                """)
        }

        /// Expects a clean screen after a run: no bar, and no line twice.
        private func expectClean(_ screen: ScreenModel, _ said: Comment) {
            #expect(screen.unknown.isEmpty, "\(screen.unknown)")
            #expect(!screen.lines.contains { $0.contains("[#") || $0.contains("[-") }, said)
            #expect(!screen.lines.contains { $0.contains("Ctrl-C stops") }, said)
        }

        @Test("a run leaves no bar behind, and fits the terminal", arguments: [60, 80, 160])
        func sizes(columns: Int) async throws {
            try await scene("pty\(columns)") { scene in
                let terminal = PseudoTerminal(columns: columns)
                let file = try pipeline(scene)
                let (outcome, screen) = try await terminal.run(
                    ["run", file], in: scene)
                #expect(outcome.status == 0, outcome.said)
                // If figures and bar do not both fit, the figures come first.
                #expect(outcome.output.contains("[#") == (columns > 60), outcome.said)
                #expect(outcome.output.contains("elapsed 0:0"), outcome.said)
                expectClean(screen, outcome.said)
                for drawn in outcome.output.split(whereSeparator: \.isNewline)
                where drawn.contains("[#") || drawn.contains("sending") {
                    let line = drawn.split(separator: "\u{1B}[J").last ?? drawn
                    #expect(String(line).columnCount < columns, "\(line)")
                }
                #expect(screen.lines.contains { $0.contains("finished in 0:") }, outcome.said)
                #expect(screen.lines.contains { $0.hasPrefix("  done ") }, outcome.said)
                let nothing = try await terminal.run(["run", file], in: scene)
                #expect(
                    nothing.screen.lines.contains {
                        $0 == "\(scene.prefix): nothing to do: all 2 images are there"
                    }, nothing.outcome.said)
            }
        }

        @Test("a terminal that becomes narrower or wider keeps no ghosts", arguments: [50, 120])
        func resize(columns: Int) async throws {
            try await scene("resize\(columns)") { scene in
                let (outcome, screen) = try await PseudoTerminal(
                    columns: 80, resizedColumns: columns, afterSeconds: 3
                ).run(["run", try pipeline(scene)], in: scene)
                #expect(outcome.status == 0, outcome.said)
                #expect(outcome.output.contains("\0"), outcome.said)
                expectClean(screen, outcome.said)
            }
        }

        @Test("Ctrl-C leaves no bar behind, and says how to go on")
        func interrupted() async throws {
            try await scene("ctrlc") { scene in
                let (outcome, screen) = try await PseudoTerminal(
                    interrupts: true, afterSeconds: 3
                ).run(["run", try pipeline(scene, mebibytes: 8)], in: scene)
                #expect(outcome.status == 130, outcome.said)
                expectClean(screen, outcome.said)
                #expect(screen.lines.contains { $0.contains("interrupted; the same command") })
                #expect(screen.lines.contains { $0.hasPrefix("  not finished") }, outcome.said)
            }
        }

        @Test("a dumb terminal gets lines and no drawing")
        func dumb() async throws {
            try await scene("dumb") { scene in
                let (outcome, _) = try await PseudoTerminal().run(
                    ["run", try pipeline(scene, mebibytes: 1)], in: scene, term: "dumb")
                #expect(outcome.status == 0, outcome.said)
                #expect(!outcome.output.contains("\u{1B}"), outcome.said)
                #expect(!outcome.output.contains("[#"), outcome.said)
            }
        }

        /// Returns the number of different percentages that the screen has shown.
        private static func percents(_ output: String) -> Int {
            Set(output.matches(of: /\] (\d+)%/).map { String($0.output.1) }).count
        }

        @Test(
            "status --watch moves within an image, and ends with the run", arguments: [true, false])
        func watch(kills: Bool) async throws {
            try await scene("watch") { scene in
                let file = try pipeline(scene, mebibytes: 6)
                let command = try scene.start(["run", file])
                let isUp = await eventually(withinSeconds: 30) {
                    FileManager.default.fileExists(
                        atPath: scene.folder.appendingPathComponent("journal.sqlite-progress").path)
                }
                try #require(isUp, "\(command.talk)")
                let watching = try PseudoTerminal().start(
                    ["status", "--watch"], in: scene, journal: scene.journal)
                try await waits("a second percentage") { Self.percents(watching.output) >= 2 }
                if kills { command.signal(SIGKILL) }
                _ = await command.outcome()
                let (outcome, screen) = await PseudoTerminal().end(of: watching)
                #expect(outcome.status == 0, outcome.said)
                expectClean(screen, outcome.said)
                let end = kills ? "killed" : "done"
                #expect(
                    screen.lines.contains { $0.hasPrefix("run ") && $0.contains(end) }, outcome.said
                )
            }
        }
    }
}
