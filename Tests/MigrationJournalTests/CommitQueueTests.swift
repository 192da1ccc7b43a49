// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GRDB
import MigrationModel
import TestSupport
import Testing

@testable import MigrationJournal

@Suite struct CommitQueueTests {
    private struct Refused: Error {}

    private final class Seen: Sendable {
        let commits = Guarded(0)
    }

    /// Opens a journal with a table of numbers. `seen` counts its commits from then on.
    private func journal(_ folder: TemporaryFolder, _ seen: Seen) async throws -> Journal {
        let journal = try await Journal.open(
            path: folder.file("journal.sqlite"),
            hook: CommitHook { moment, _ in
                if moment == .after { seen.commits.withLock { $0 += 1 } }
            })
        try await journal.write { db in
            try db.execute(sql: "CREATE TABLE number (number INTEGER PRIMARY KEY)")
        }
        seen.commits.withLock { $0 = 0 }
        return journal
    }

    private func numbers(_ journal: Journal) async throws -> [Int] {
        try await journal.read { db in
            try Int.fetchAll(db, sql: "SELECT number FROM number ORDER BY number")
        }
    }

    @Test func `Writes that come together share commits, and each caller gets its own value`()
        async throws
    {
        let seen = Seen()
        let folder = try TemporaryFolder()
        let journal = try await journal(folder, seen)
        let values = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<200 {
                group.addTask {
                    try await journal.write { db in
                        try db.execute(
                            sql: "INSERT INTO number VALUES (?)", arguments: [number])
                        return number * 2
                    }
                }
            }
            var values: [Int] = []
            for try await value in group { values.append(value) }
            return values.sorted()
        }
        #expect(values == (0..<200).map { $0 * 2 })
        #expect(try await numbers(journal) == Array(0..<200))
        #expect(seen.commits.withLock { $0 } < 150)
    }

    @Test func `A write that fails keeps no other from being written`() async throws {
        let seen = Seen()
        let folder = try TemporaryFolder()
        let journal = try await journal(folder, seen)
        let failed = await withTaskGroup(of: Int?.self) { group in
            for number in 0..<100 {
                group.addTask {
                    do throws(TranshipError) {
                        try await journal.write { db in
                            try db.execute(
                                sql: "INSERT INTO number VALUES (?)", arguments: [number])
                            if number % 10 == 3 { throw Refused() }
                        }
                        return nil
                    } catch {
                        return number
                    }
                }
            }
            return await group.reduce(into: Set<Int>()) { failed, number in
                if let number { failed.insert(number) }
            }
        }
        #expect(failed == Set(stride(from: 3, to: 100, by: 10)))
        #expect(try await numbers(journal) == (0..<100).filter { $0 % 10 != 3 })
    }

    @Test func `A cancelled caller's write is carried out whole`() async throws {
        let seen = Seen()
        let folder = try TemporaryFolder()
        let journal = try await journal(folder, seen)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await journal.write { db in
                try db.execute(sql: "INSERT INTO number VALUES (1)")
            }
        }
        try await task.value
        #expect(try await numbers(journal) == [1])
    }
}
