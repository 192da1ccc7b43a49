// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationModel
import Testing

/// Writes docs/faults.md from the faults themselves: the page states the ends that ``FaultTests``
/// expects.
@Suite struct FaultPageTests {
    private static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../docs/faults.md").standardizedFileURL

    @Test func `The page lists the faults that the suite has`() throws {
        if ProcessInfo.processInfo.environment["TRANSHIP_WRITE_DOCS"] == "1" {
            try Data(FaultPage.markdown.utf8).write(to: Self.file)
        }
        let text = try String(contentsOf: Self.file, encoding: .utf8)
        #expect(text == FaultPage.markdown, "docs/faults.md is stale: run `make docs`")
    }

    @Test func `Every fault has a name of its own, and there are many`() {
        #expect(Set(Fault.all.map { "\($0.side): \($0.name)" }).count == Fault.all.count)
        #expect(Fault.all.count >= 40)
    }
}

private enum FaultPage {
    static var markdown: String {
        var text = """
            # Faults

            How a run reacts to faults. A test causes each of these \(Fault.all.count) faults on every way of the data that it
            affects, in \(FaultTests.cases.count) runs. The target is a real Image service. For faults of the target, a proxy
            in front of it breaks, refuses or loses requests, so the effects on the service are real. After the
            fault, the same pipeline runs again without it.

            `make docs` writes this page from the tests, and the tests fail if the page differs.

            The *ways* are the methods of the pipeline file, and two more: `spool` reads the image into a local
            file first and uploads it from there; `copy-image` uploads it into one store, and the service
            copies it into the others.

            *Failed tries* counts the tries of `limits.attempts` that the fault used; the limit here is 3. *At the
            target* lists all images under that name; "the copy" is exactly one image with exactly the right bytes.

            """
        for side in Fault.Side.allCases {
            text += """

                ## \(side.rawValue)

                | what it does | ways | the run ends | failed tries | at the target | the next run |
                |---|---|---|---|---|---|

                """
            for fault in Fault.all where fault.side == side { text += row(fault) }
        }
        return text
    }

    private static func row(_ fault: Fault) -> String {
        let ways = fault.ways.map(\.rawValue).joined(separator: ", ")
        let tries = fault.end.failedTries
        let count =
            tries.lowerBound == tries.upperBound
            ? "\(tries.lowerBound)" : "\(tries.lowerBound) to \(tries.upperBound)"
        return "| \(fault.name) | \(ways) | \(words(fault.end)) | \(count) "
            + "| \(words(fault.end.left)) | \(next(fault.next)) |\n"
    }

    private static func words(_ end: Fault.End) -> String {
        let parts = [
            end.state.map { "`\($0.rawValue)`" }, end.code.map { "`\($0.rawValue)`" },
            end.exit == .unclassified ? "killed" : "exit \(end.exit.rawValue)",
        ]
        return parts.compactMap { $0 }.joined(separator: ", ")
    }

    private static func words(_ left: Fault.End.Left) -> String {
        switch left {
        case .nothing: "nothing"
        case .copy: "the copy"
        case .partly(let stores): "the copy, in \(stores.joined(separator: ", ")) only"
        case .other(let status): "a record, \(status)"
        }
    }

    private static func next(_ end: Fault.End) -> String {
        switch end {
        case _ where end.isStill: "moves nothing"
        case _ where end.exit == .done: "the image arrives"
        default: words(end)
        }
    }
}
