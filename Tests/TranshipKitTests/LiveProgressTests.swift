// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

@Suite struct LiveProgressTests {
    private let folder: TemporaryFolder
    private var journal: String { folder.file("night.sqlite") }

    init() throws { folder = try TemporaryFolder() }

    private let live = LiveProgress(
        runID: 4, processID: 77, startedAt: 1, at: 2, totalImages: 1, totalBytes: 10,
        endedImages: 0, failedImages: 0, doneBytes: 5, bytesPerSecond: 1.5,
        images: [
            .init(
                name: "a", target: "beta", state: .sending, doneBytes: 5, sizeBytes: 10,
                stateSince: 1)
        ])
    private let holder = LockHolder(text: "process 77 on host, since 2026-01-01T00:00:00Z")

    @Test func `Another process reads what the run's process wrote last`() throws {
        live.write(besideJournal: journal)
        #expect(
            LiveProgress.read(besideJournal: journal, runID: 4, holder: holder) == live)
        let path = LiveProgress.path(journalPath: journal)
        #expect(path == folder.file("night.sqlite-progress"))
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        LiveProgress.remove(besideJournal: journal)
        #expect(LiveProgress.read(besideJournal: journal, runID: 4, holder: holder) == nil)
    }

    @Test func `A file of a dead process or of another run says nothing`() {
        live.write(besideJournal: journal)
        for (run, holder) in [
            (4, nil), (4, LockHolder(text: "process 7 on host")), (5, self.holder),
        ] as [(Int64, LockHolder?)] {
            #expect(
                LiveProgress.read(besideJournal: journal, runID: run, holder: holder) == nil)
        }
    }

    @Test(.timeLimit(.minutes(3))) func `A named pipe in the place of a file blocks no command`() {
        let path = LiveProgress.path(journalPath: journal)
        mkfifo(path + ".new", 0o600)
        live.write(besideJournal: journal)
        #expect(LiveProgress.read(besideJournal: journal, runID: 4, holder: holder) == live)
        unlink(path)
        mkfifo(path, 0o600)
        #expect(LiveProgress.read(besideJournal: journal, runID: 4, holder: holder) == nil)
    }

    @Test(arguments: ["", "{", "null", "[]", #"{"runID":1e400}"#])
    func `A damaged file says nothing`(text: String) throws {
        try Data(text.utf8).write(
            to: URL(fileURLWithPath: LiveProgress.path(journalPath: journal)))
        #expect(LiveProgress.read(besideJournal: journal, runID: 4, holder: holder) == nil)
    }
}
