// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import TestSupport
import Testing

/// The programs that a command started, after a signal only to the command.
@Suite(.timeLimit(.minutes(2)))
struct ChildProcessesTests {
    /// Returns false for a process that has ended, even if its parent has not waited for it.
    private func isAlive(_ desk: Desk, _ file: String) throws -> Bool {
        let path = desk.shell.folder.appendingPathComponent(file)
        let id = try #require(
            Int(try String(contentsOf: path, encoding: .utf8).filter { !$0.isNewline }))
        let stat = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8)
        return stat.map { !$0.contains(") Z ") } ?? false
    }

    @Test(
        arguments: ["run night.yaml", "run night.yaml --drain", "image list --os-cloud beta"],
        ["TERM", "HUP"])
    func `A token command ends with the command, and so do its own programs`(
        command: String, signal: String
    ) async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try desk.write("night.yaml", Desk.pipeline())
        try desk.write(
            "clouds.yaml",
            """
            clouds:
              beta:
                auth_type: token
                token_command: [/bin/sh, token.sh]
                auth: { auth_url: "\(Desk.deadAddress)", project_id: p }

            """)
        // The second program ignores SIGTERM.
        try desk.write(
            "token.sh",
            """
            (trap '' TERM; exec sleep 600) &
            echo $$ > first.pid
            echo $! > second.pid
            wait

            """)
        // A run that drains aborts only at the second signal.
        let signals = command.contains("--drain") ? 2 : 1
        let outcome = try await desk.run(
            """
            tranship \(command) & id=$!
            for i in $(seq 200); do [ -s second.pid ] && break; sleep 0.1; done
            for i in $(seq \(signals)); do kill -\(signal) $id; sleep 0.5; done
            wait $id; echo ended with $?
            """)
        #expect(outcome.output.contains("ended with 130\n"), "\(outcome.said)")
        #expect(try !isAlive(desk, "first.pid"), "\(outcome.said)")
        #expect(try !isAlive(desk, "second.pid"), "\(outcome.said)")
    }

    @Test func `What a shell had started before it became the command goes on`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try desk.write(
            "tunnel.sh", "sleep 600 & echo $! > tunnel.pid; exec tranship image list --os-cloud x")
        let outcome = try await desk.run("sh tunnel.sh")
        #expect(outcome.status != 0, "\(outcome.said)")
        #expect(try isAlive(desk, "tunnel.pid"), "\(outcome.said)")
        _ = try await desk.run("kill $(cat tunnel.pid)")
    }
}
