// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GlanceServer
import TestSupport
import Testing

/// Commands that a scheduler starts with some of the standard streams closed.
@Suite(.timeLimit(.minutes(5)))
struct ClosedStreamsTests {
    @Test(
        arguments: [
            ("run night.yaml", ">&- 2>&-", 0), ("run night.yaml", "<&- 2>&-", 0),
            ("run night.yaml -q", "<&- >&- 2>&-", 0),
            ("copy a.raw beta --name copy", "<&- >&- 2>&-", 0),
            // With -v, the run needs standard output for its table.
            ("run night.yaml -v", "<&- >&- 2>&-", 1),
        ] as [(String, String, Int32)])
    func `A run works without them`(
        command: String, closed: String, status exitCode: Int32
    ) async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try desk.write("night.yaml", Desk.pipeline())
        let outcome = try await desk.run("tranship \(command) \(closed)")
        #expect(outcome.status == exitCode, "\(outcome.said)")
        #expect(desk.beta.ids.count == 1)
        let status = try await desk.run("tranship status")
        #expect(status.output.contains(/(?m)^run +1, .*done/), "\(status.said)")
    }

    /// A command must not use `/dev/null` for its data either.
    @Test(arguments: [
        ("run night.yaml --format json", "<&- >&-"), ("plan night.yaml", "<&- >&-"),
        ("image list --cloud alpha", "<&- >&-"),
        ("image save --cloud alpha --proof possible ubuntu-24.04", "<&- >&-"),
    ])
    func `Output that has no place is an error`(command: String, closed: String) async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try desk.write("night.yaml", Desk.pipeline())
        let outcome = try await desk.run("tranship \(command) \(closed)")
        #expect(outcome.status == 1, "\(outcome.said)")
        #expect(outcome.talk.contains("Bad file descriptor"), "\(outcome.said)")
    }

    @Test func `Input that is closed makes no image without data`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let outcome = try await desk.run(
            "tranship image create --cloud beta x --file - --disk-format raw <&-")
        #expect(outcome.status == 1, "\(outcome.said)")
        #expect(!desk.beta.ids.contains { desk.beta.data($0) != nil }, "\(outcome.said)")
    }
}
