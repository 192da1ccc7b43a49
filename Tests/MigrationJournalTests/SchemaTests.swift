// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GRDB
import MigrationModel
import TestSupport
import Testing

@testable import MigrationJournal

@Suite struct SchemaTests {
    private let folder: TemporaryFolder
    private var path: String { folder.file("journal.sqlite") }

    init() throws { folder = try TemporaryFolder() }

    private func makeVersion001(applicationID: Int) async throws {
        let queue = try DatabaseQueue(path: path)
        try await queue.write { db in
            try db.execute(sql: Version001.sql)
            try db.execute(sql: "PRAGMA application_id = \(applicationID)")
        }
    }

    /// Whatever later steps do, nobody's half-done migration may be lost.
    @Test func `A journal of the first version opens with all that it holds`() async throws {
        try await makeVersion001(applicationID: 0x5452_5348)
        let journal = try await Journal.open(path: path)
        let run = try #require(try await journal.lastRun())
        #expect(run.pipelineName == "leave-alpha" && run.isInterrupted)
        let transfer = try #require(
            try await journal.transfers(run: run, in: [.failed], limit: 9).first)
        #expect(transfer.id == 7)
        #expect(transfer.imageID == "target-1")
        #expect(transfer.method == .glanceDirect)
        #expect(transfer.record.members == .map(["p1": "q1"]))
        #expect(transfer.computed == [try Sample.checksum(.sha1, "b")])
        #expect(transfer.failure?.isTransient == true)
        #expect(try await journal.attemptCount(run: run) == 1)
        try await journal.commit(transfer.moved(to: .registered))
        #expect(try await journal.unfinished(run: run, limit: 9).count == 1)
    }

    @Test func `One that was killed before it was marked as ours opens and is marked`() async throws
    {
        try await makeVersion001(applicationID: 0)
        let journal = try await Journal.open(path: path)
        #expect(try await journal.lastRun()?.id == 1)
        let id = try await journal.write { try Int.fetchOne($0, sql: "PRAGMA application_id") }
        #expect(id == Schema.applicationID)
    }

    /// `file(1)` and we tell a journal by it.
    @Test func `The file's header says that it is a journal`() async throws {
        _ = try await Journal.open(path: path)
        #expect(try folder.bytes(of: "journal.sqlite")[68..<72].elementsEqual("TRSH".utf8))
    }

    @Test func `A released step is never edited`() async throws {
        let fresh = try await Journal.open(path: folder.file("fresh.sqlite"))
        try await makeVersion001(applicationID: 0)
        let old = try await Journal.open(path: path)
        let shape: @Sendable (Database) throws -> [String] = { db in
            let tables = try String.fetchAll(
                db, sql: "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            return try tables.flatMap { table in
                try Row.fetchAll(db, sql: "PRAGMA table_info(\(table))").map { "\(table) \($0)" }
            }
        }
        #expect(try await fresh.read(shape) == (try await old.read(shape)))
    }
}
