// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Dispatch
internal import Foundation
internal import GRDB
public import MigrationModel

/// The memory of a pipeline: its plans, the progress of its transfers, and its failures.
///
/// It is one SQLite file in WAL mode. Every commit is `synchronous=FULL`: committed data survives a
/// power failure. Callers see values, never SQL.
///
/// All writes are *shielded*: they are carried out completely even if the calling task is
/// cancelled. (Without this, a database write inside a cancelled task would silently be dropped,
/// and a transfer's last state with it.)
///
/// Every method throws ``TranshipError/Code/journalFailed`` with SQLite's message if the file
/// cannot be read or written.
public final class Journal: DatabaseAccess {
    public let path: String
    let database: any DatabaseWriter
    private let lock: JournalLock?
    let passage: Passage?
    let hook: CommitHook?
    let commits: CommitQueue
    let reads = DispatchQueue(label: "tranship.journal.reads")

    /// Carries out an access, or throws the error that prevents it.
    package typealias Passage =
        @Sendable (_ writes: Bool, _ access: () throws -> Void) throws -> Void

    private init(
        path: String, database: any DatabaseWriter, lock: JournalLock?, passage: Passage? = nil,
        hook: CommitHook? = nil
    ) {
        self.path = path
        self.database = database
        self.lock = lock
        self.passage = passage
        self.hook = hook
        commits = CommitQueue(database, hook: hook)
    }

    /// Makes a journal without a file, for simulations, with the same tables and the same SQL.
    /// Every access happens at once, on the caller's thread.
    package static func inMemory() throws(TranshipError) -> Journal {
        try describing("in memory") {
            let queue = try DatabaseQueue()
            try Schema.migrator.migrate(queue)
            // The path is absolute: the names of spooled files are made from it, and must not
            // depend on the folder in which the process was started.
            return Journal(path: "/in memory", database: queue, lock: nil) { try $1() }
        }
    }

    /// True in a simulation. No other process can reach the journal.
    package var isInMemory: Bool { passage != nil }

    /// Opens a journal for a plan, even while a run has it. If no run has made the journal yet,
    /// returns an empty one.
    ///
    /// - Parameter path: the path where a run would make the journal.
    public static func openIfPresent(path: String) throws(TranshipError) -> Journal {
        if FileManager.default.fileExists(atPath: path),
            let database = try databaseForReading(path: path)
        {
            return Journal(path: path, database: database, lock: nil)
        }
        return try describing(path) {
            let queue = try DatabaseQueue()
            try Schema.migrator.migrate(queue)
            return Journal(path: path, database: queue, lock: nil)
        }
    }

    /// Returns the same data without the lock, as another process would see it.
    package func reopened(through passage: Passage? = nil) -> Journal {
        Journal(path: path, database: database, lock: nil, passage: passage ?? self.passage)
    }

    /// Empties a journal in memory, to simulate the loss of its file.
    package func forget() throws(TranshipError) {
        precondition(passage != nil, "a journal in a file is never emptied")
        try Self.describing(path) {
            try database.write { db in
                for table in Schema.tables {
                    try db.execute(cached: "DELETE FROM \(table)")
                }
            }
        }
    }

    /// Opens the journal for one process, creating or migrating it.
    ///
    /// - Throws: ``TranshipError/Code/journalInUse`` if another process has it,
    ///   ``TranshipError/Code/journalTooNew`` if a newer version wrote it,
    ///   ``TranshipError/Code/journalFailed`` for other errors, including a journal that a build
    ///   before the first release wrote.
    package static func open(
        path: String, hook: CommitHook? = nil
    ) async throws(TranshipError) -> Journal {
        try makeFolder(of: path)
        try OwnFile.checkPlace(of: path)
        let lock = try JournalLock(path: path, what: "the journal")
        return try describing(path) {
            var configuration = Configuration()
            configuration.busyMode = .timeout(10)
            // Few readers are needed: `status` and a plan read beside the writer.
            configuration.maximumReaderCount = 2
            // SQLite gives the files beside it the same mode.
            try OwnFile.make(path)
            // Check before the pool turns WAL on, so that foreign files are not changed.
            var looking = configuration
            looking.readonly = true
            try DatabaseQueue(path: path, configuration: looking).read { db in
                _ = try check(db, path: path)
            }
            let pool = try DatabasePool(path: path, configuration: configuration)
            try Schema.migrator.migrate(pool)
            // When the pool turns WAL on, after `prepareDatabase`, it sets NORMAL. So FULL has to
            // be set here; a test reads it back.
            try pool.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA synchronous = FULL")
                try db.execute(sql: "PRAGMA application_id = \(Schema.applicationID)")
            }
            return Journal(path: path, database: pool, lock: lock, hook: hook)
        }
    }

    /// Closes the journal and removes its files and its lock, if it has no rows.
    ///
    /// The journal cannot be used afterwards. It is closed before its files are removed: SQLite
    /// removes the `-wal` file by name when the last connection ends, and by then a file of that
    /// name could belong to the next process.
    package func removeIfEmpty() async {
        guard let lock, !isInMemory else { return }
        let isEmpty = try? await read { db in
            try Schema.tables.allSatisfy { table in
                try db.value(cached: "SELECT EXISTS (SELECT 1 FROM \(table))") == 0
            }
        }
        guard isEmpty == true, (try? database.close()) != nil else { return }
        for ending in ["", "-wal", "-shm"] { unlink(path + ending) }
        lock.removeFile()
    }

    static func makeFolder(of path: String) throws(TranshipError) {
        let folder = PathText.folder(of: path)
        guard !folder.isEmpty else { return }
        try describing(path) {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        }
    }

    /// Opens an existing journal for reading, even while a run has it.
    public static func openForReading(path: String) throws(TranshipError) -> Journal {
        guard FileManager.default.fileExists(atPath: path) else {
            throw TranshipError(
                .journalMissing, "there is no journal at \(path)",
                hint:
                    "run the pipeline with `tranship run`, or name its journal with --journal PATH")
        }
        guard let database = try databaseForReading(path: path) else {
            throw TranshipError(
                .notFound, "the journal \(path) is empty: no run has begun in it yet",
                hint: "run the pipeline first, or name another journal with --journal PATH")
        }
        return Journal(path: path, database: database, lock: nil)
    }

    /// Opens a journal to change the limits of the run that has it.
    ///
    /// Does not take the lock, which the run holds. SQLite lets one process write at a time, and a
    /// commit of the run takes milliseconds.
    ///
    /// - Throws: as ``openForReading(path:)``.
    package static func openBesideRun(path: String) throws(TranshipError) -> Journal {
        _ = try openForReading(path: path)
        return try describing(path) {
            var configuration = Configuration()
            configuration.busyMode = .timeout(10)
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            return Journal(path: path, database: queue, lock: nil)
        }
    }

    /// Opens the file; nil if it has no tables yet, as in the first moment of a run.
    private static func databaseForReading(path: String) throws(TranshipError) -> DatabaseQueue? {
        try OwnFile.check(path)
        try OwnFile.checkPlace(of: path)
        return try describing(path) {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(10)
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            let isMade = try queue.read { db in try !check(db, path: path).isEmpty }
            return isMade ? queue : nil
        }
    }

    /// Returns the process that has the journal now; nil if there is none.
    public static func holder(path: String) -> LockHolder? {
        JournalLock.holder(path: path)
    }

    /// Returns the migration steps that made the journal; none for a file that is still empty.
    ///
    /// - Throws: an error for a file that is not a journal, and for a journal that this version
    ///   does not know.
    private static func check(_ db: Database, path: String) throws -> Set<String> {
        let id = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        let tables = try String.fetchAll(
            db, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
        // A crash or a full disk during its creation leaves a file with our tables, or with only
        // the table of migrations, but without the id in the header.
        let isHalfMade =
            tables.contains("grdb_migrations") && (tables.count == 1 || tables.contains("transfer"))
        guard id == Schema.applicationID || tables.isEmpty || isHalfMade else {
            throw TranshipError(
                .journalFailed, "\(path) is a database of another program",
                hint: "name another file with --journal PATH")
        }
        let steps = try Schema.migrator.appliedIdentifiers(db)
        guard steps.isEmpty || steps.contains(Schema.firstStep) else {
            throw TranshipError(
                .journalFailed,
                "the journal \(path) has the shape of a version that was never released",
                hint: "move \(path), \(path)-wal and \(path)-shm aside, then fill a new journal "
                    + "from the targets with `tranship adopt PIPELINE`")
        }
        if try Schema.migrator.hasBeenSuperseded(db) {
            throw TranshipError(
                .journalTooNew, "\(path) was written by a newer version of tranship",
                hint: "use that version, or another --journal PATH")
        }
        return steps
    }

    static func describing<Value>(
        _ path: String, _ work: () throws -> Value
    ) throws(TranshipError) -> Value {
        do {
            return try work()
        } catch {
            throw wrap(error, path: path)
        }
    }

    static func wrap(_ error: any Error, path: String) -> TranshipError {
        if let error = error as? TranshipError { return error }
        if error is DecodingError { return Body.damage("a row holds what no version writes") }
        guard let error = error as? DatabaseError else {
            return TranshipError(
                .journalFailed,
                "the journal \(path) cannot be used: \(error.systemWords)",
                hint: "choose another place with --journal PATH", cause: error)
        }
        let words = error.message ?? "error \(error.resultCode.rawValue)"
        if [.SQLITE_CANTOPEN, .SQLITE_READONLY].contains(error.resultCode),
            OwnFile.isOnReadOnlyDisk(path)
        {
            return TranshipError(
                .journalFailed,
                "the journal \(path) cannot be used: its file system is mounted read-only",
                hint: "mount it for writing; or copy the file, with its -wal file if there is one, "
                    + "and name the copy with --journal PATH", cause: error)
        }
        let hint: String
        switch error.resultCode {
        case .SQLITE_FULL, .SQLITE_IOERR:
            hint = "make room on that disk and run again; nothing that was committed is lost"
        case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
            hint = "check the rights of the file and its folder, or name another --journal PATH"
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            hint =
                "the file is damaged or not a journal: move it aside with its -wal and -shm files, and "
                + "run again, or see with `tranship adopt PIPELINE` which copies are at the targets"
        default: hint = "run again; if it happens again, move the journal aside and run again"
        }
        return TranshipError(
            .journalFailed, "the journal \(path) cannot be used: SQLite says: \(words)", hint: hint,
            cause: error)
    }
}
