// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import GRDB
import MigrationModel
import TestSupport
import Testing

@testable import MigrationJournal

@Suite struct JournalPaceTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func `What a run found is there for the next one, and not written twice`() async throws {
        let path = folder.file("journal.sqlite")
        let found = [
            "a": PaceExperience(images: 16, isSettled: true),
            "b": PaceExperience(images: 4, isSettled: false),
        ]
        do {
            let journal = try await Journal.open(path: path)
            #expect(try await journal.paces().isEmpty)
            try await journal.remember(found, at: 1)
        }
        let journal = try await Journal.open(path: path)
        #expect(try await journal.paces() == found)
        let later = ["a": PaceExperience(images: 9, isSettled: true)]
        try await journal.remember(later, at: 2)
        try await journal.remember(later, at: 3)
        #expect(try await journal.paces() == found.merging(later) { $1 })
        let times = try await journal.read {
            try Int64.fetchAll($0, sql: "SELECT learned_at FROM pace ORDER BY endpoint")
        }
        #expect(times == [2, 1])
    }

    @Test(arguments: [-1, 0, 65, 1_000_000]) func `A damaged number is not used`(
        images: Int
    ) async throws {
        let journal = try await Journal.open(path: folder.file("journal.sqlite"))
        try await journal.write {
            try $0.execute(
                sql: "INSERT INTO pace VALUES ('a', ?, 1, 0), ('b', 5, 1, 0)", arguments: [images])
        }
        #expect(try await journal.paces() == ["b": PaceExperience(images: 5, isSettled: true)])
    }
}
