// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Foundation
import GRDB
import MigrationModel
import TestSupport
import Testing

@testable import MigrationJournal

@Suite(.timeLimit(.minutes(5))) struct JournalTests {
    private let folder: TemporaryFolder
    private var path: String { folder.file("journal.sqlite") }

    init() throws { folder = try TemporaryFolder() }

    /// The pool sets NORMAL when it turns WAL on, after everything that its configuration can set:
    /// only the connection itself shows it.
    @Test func `Every commit reaches the disk before it returns`() async throws {
        let journal = try await Journal.open(path: path)
        #expect(try await journal.write { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2)
        #expect(
            try await journal.write { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal"
        )
    }

    @Test func `A write in a cancelled task is carried out`() async throws {
        let journal = try await Journal.open(path: path)
        let run = try await journal.takeOver([Sample.item()])
        var transfer = try #require(try await journal.unfinished(run: run, limit: 1).first)
        transfer.move(to: .reading)
        let changed = transfer
        let isCancelled = try await Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await journal.commit(changed)
            return Task.isCancelled
        }.value
        #expect(isCancelled)
        #expect(try await journal.unfinished(run: run, limit: 1).first?.state == .reading)
    }

    @Test func `What is not a journal is refused by what it is`() async throws {
        let pipe = folder.file("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        let link = folder.file("link")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: pipe)
        for (path, words) in [
            (pipe, "a named pipe, not a regular file"), (folder.path, "a directory"),
            ("/dev/null", "a device"), (link, "a symbolic link, which is not followed"),
        ] {
            for error in [
                #expect(throws: TranshipError.self) { _ = try Journal.openForReading(path: path) },
                #expect(throws: TranshipError.self) { _ = try Journal.openIfPresent(path: path) },
            ] {
                #expect(error?.code == .journalFailed)
                #expect(error?.message.contains("is \(words)") == true, "\(error?.message ?? "")")
            }
        }
    }

    @Test func `An empty file is not a journal to look at, and a plan may be made beside it`()
        async throws
    {
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        let error = #expect(throws: TranshipError.self) {
            _ = try Journal.openForReading(path: path)
        }
        #expect(error?.code == .notFound)
        #expect(try await Journal.openIfPresent(path: path).lastRun() == nil)
    }

    /// Only root can change the owner of a file.
    @Test(.enabled(if: geteuid() == 0))
    func `A journal of another user is not opened, not even to look`() async throws {
        _ = try await Journal.open(path: path)
        #expect(chown(path, 12_345, 12_345) == 0)
        for error in [
            #expect(throws: TranshipError.self) { _ = try Journal.openForReading(path: path) },
            #expect(throws: TranshipError.self) { _ = try Journal.openIfPresent(path: path) },
        ] {
            #expect(error?.code == .journalFailed)
            #expect(error?.message.contains("belongs to another user (uid 12345") == true)
        }
    }

    @Test func `A journal that other users could replace is not opened, not even to look`()
        async throws
    {
        do { _ = try await Journal.open(path: path) }
        for mode in [0o777, 0o1777, 0o702] as [mode_t] {
            #expect(chmod(folder.path, mode) == 0)
            defer { chmod(folder.path, 0o700) }
            for error in [
                #expect(throws: TranshipError.self) { _ = try Journal.openForReading(path: path) },
                await failure { _ = try await Journal.open(path: path) },
            ] {
                #expect(error?.code == .journalFailed)
                #expect(error?.message.contains("can be written to by other users") == true)
            }
        }
        _ = try Journal.openForReading(path: path)
    }

    /// SQLite would treat their pages as the journal's.
    @Test(.enabled(if: geteuid() == 0), arguments: ["-wal", "-shm", "-journal"])
    func `A file of another user beside a journal is not read`(ending: String) async throws {
        do { _ = try await Journal.open(path: path) }
        for place in [path, path + "-preview"] {
            try folder.write([], to: PathText.lastComponent(place + ending))
            #expect(chown(place + ending, 12_345, 12_345) == 0)
            let error = await #expect(throws: TranshipError.self) {
                _ = try Plan(beside: try await Journal.open(path: path))
            }
            #expect(error?.message.contains("belongs to another user (uid 12345") == true)
            #expect(unlink(place + ending) == 0)
        }
    }

    @Test func `A journal lies in a folder of its own, for its owner alone`() async throws {
        let inner = folder.file("a/b/journal.sqlite")
        _ = try await Journal.open(path: inner)
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.file("a/b"))
        #expect(attributes[.posixPermissions] as? Int == 0o700)
    }

    @Test func `What was written is there after it was closed`() async throws {
        do {
            let journal = try await Journal.open(path: path)
            _ = try await journal.takeOver([Sample.item()])
        }
        let journal = try await Journal.open(path: path)
        let run = try #require(try await journal.lastRun())
        #expect(try await journal.unfinished(run: run, limit: 9).map(\.source.key) == ["image:s1"])
    }

    @Test func `It can be read while a run has it`() async throws {
        let journal = try await Journal.open(path: path)
        let run = try await journal.takeOver([Sample.item()])
        let reader = try Journal.openForReading(path: path)
        #expect(try await reader.lastRun()?.id == run.id)
        #expect(try await reader.tally(run: run).map(\.images) == [1])
    }

    @Test func `There is nothing to read before the first run`() throws {
        let error = #expect(throws: TranshipError.self) { try Journal.openForReading(path: path) }
        #expect(error?.code == .journalMissing)
        #expect(error?.message.contains(path) == true)
    }

    // MARK: What it refuses

    @Test func `A newer version's journal is refused and stays as it is`() async throws {
        do {
            let journal = try await Journal.open(path: path)
            _ = try await journal.takeOver([Sample.item()])
            try await journal.write {
                try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('999 from tomorrow')")
            }
        }
        let error = await failure { _ = try await Journal.open(path: path) }
        #expect(error?.code == .journalTooNew)
        #expect(error?.hint?.contains("--journal") == true)
        let reading = #expect(throws: TranshipError.self) {
            try Journal.openForReading(path: path)
        }
        #expect(reading?.code == .journalTooNew)
    }

    @Test func `A database of something else is refused and not changed by one byte`() async throws
    {
        do {
            let queue = try DatabaseQueue(path: path)
            try await queue.write {
                try $0.execute(sql: "CREATE TABLE transfer (id); INSERT INTO transfer VALUES (1)")
            }
        }
        let before = try folder.bytes(of: "journal.sqlite")
        let error = await failure { _ = try await Journal.open(path: path) }
        #expect(error?.code == .journalFailed)
        #expect(error?.message == "\(path) is a database of another program")
        #expect(try folder.bytes(of: "journal.sqlite") == before)
        #expect(!FileManager.default.fileExists(atPath: path + "-wal"))
        let reading = await failure { _ = try Journal.openForReading(path: path) }
        #expect(reading?.code == .journalFailed)
    }

    @Test func `A file that is not a database is refused with SQLite's words`() async throws {
        try folder.write(Array("version: 1\nname: not a journal at all".utf8), to: "journal.sqlite")
        let error = await failure { _ = try await Journal.open(path: path) }
        #expect(error?.code == .journalFailed)
        #expect(error?.message.contains("file is not a database") == true)
        #expect(error?.hint?.contains("move it aside") == true)
    }

    @Test func `A folder that cannot be made is told with its path`() async throws {
        try folder.write([], to: "file")
        let error = await failure {
            _ = try await Journal.open(path: folder.file("file/journal.sqlite"))
        }
        #expect(error?.code == .journalFailed)
        #expect(error?.message.contains(folder.file("file")) == true)
        #expect(error?.hint != nil)
    }

    @Test(.enabled(if: geteuid() != 0, "root may write everywhere"))
    func `A folder that may not be written to is told`() async throws {
        let fixed = folder.file("fixed")
        try FileManager.default.createDirectory(
            atPath: fixed, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o500])
        let error = await failure { _ = try await Journal.open(path: "\(fixed)/journal.sqlite") }
        #expect(error?.code == .journalFailed)
        #expect(error?.message.contains("Permission denied") == true)
    }
}

/// Journals without a file, as simulations use them.
@Suite struct JournalInMemoryTests {
    @Test func `What one process wrote is there for the next one, through its own passage`()
        async throws
    {
        let first = try Journal.inMemory()
        let run = try await first.beginRun(pipelineName: "a", pipelineFile: "a", pipelineText: "")
        let accesses = Guarded<[Bool]>([])
        let second = first.reopened { writes, access in
            accesses.withLock { $0.append(writes) }
            try access()
        }
        #expect(try await second.lastRun() == run)
        try await second.endRun(run, outcome: .done)
        #expect(accesses.withLock { $0 } == [false, true])
    }

    @Test func `What its passage refuses does not happen`() async throws {
        let journal = try Journal.inMemory()
        let dead = journal.reopened { _, _ in throw TranshipError(.interrupted, "gone") }
        await #expect(throws: TranshipError.self) {
            _ = try await dead.beginRun(pipelineName: "a", pipelineFile: "a", pipelineText: "")
        }
        #expect(try await journal.lastRun() == nil)
    }

    @Test func `A lost journal knows nothing`() async throws {
        let journal = try Journal.inMemory()
        _ = try await journal.takeOver([Sample.item("a")])
        try journal.forget()
        #expect(try await journal.lastRun() == nil)
        #expect(try await journal.tally(run: nil).isEmpty)
    }
}
