// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

@Suite struct JournalPlaceTests {
    // XDG Base Directory Specification: a relative path must be ignored.
    @Test(arguments: [
        (["XDG_STATE_HOME": "/state", "HOME": "/home/x"], "/state/tranship/p.sqlite"),
        (["XDG_STATE_HOME": "state", "HOME": "/home/x"], "/home/x/.local/state/tranship/p.sqlite"),
        (["XDG_STATE_HOME": "", "HOME": "/home/x"], "/home/x/.local/state/tranship/p.sqlite"),
        (["HOME": "/home/x"], "/home/x/.local/state/tranship/p.sqlite"),
    ])
    func `A journal lies where the environment says`(
        environment: [String: String], path: String
    ) {
        #expect(JournalPlace.path(pipelineName: "p", environment: environment) == path)
    }

    @Test func `Without any home there is still a place`() {
        let path = JournalPlace.path(pipelineName: "p", environment: [:])
        #expect(path.hasPrefix("/") && path.hasSuffix("/.local/state/tranship/p.sqlite"))
    }

    @Test func `The latest run of all journals is found, broken ones passed over`() async throws {
        let folder = try TemporaryFolder()
        let environment = ["XDG_STATE_HOME": folder.path]
        func latest(interruptedOnly: Bool) async -> (path: String, run: MigrationModel.Run)? {
            var unreadable: [TranshipError] = []
            let latest = await JournalPlace.latest(
                environment: environment, interruptedOnly: interruptedOnly, &unreadable)
            let isBroken = FileManager.default.fileExists(
                atPath: folder.file("tranship/z.sqlite"))
            #expect(unreadable.map(\.code) == (isBroken ? [.journalFailed] : []))
            return latest
        }
        #expect(await latest(interruptedOnly: false) == nil)
        for name in ["a", "b", "c"] {
            let path = JournalPlace.path(pipelineName: name, environment: environment)
            let journal = try await Journal.open(path: path)
            let run = try await journal.beginRun(
                pipelineName: name, pipelineFile: "f", pipelineText: "t")
            if name == "c" { try await journal.endRun(run, outcome: .done) }
            // The times of runs differ by milliseconds.
            try await Task.sleep(for: .milliseconds(3))
        }
        try folder.write(Array("no database".utf8), to: "tranship/z.sqlite")
        let any = await latest(interruptedOnly: false)
        #expect(any?.run.pipelineName == "c")
        let left = await latest(interruptedOnly: true)
        #expect(left?.run.pipelineName == "b")
        #expect(left?.path == folder.file("tranship/b.sqlite"))
    }
}
