// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Dispatch
internal import GRDB

/// The way to read and write the journal and the plan beside it.
///
/// Every access to a file is shielded: cancelling the caller does not cancel it. An access to a
/// database in memory happens at once, on the caller's thread, through the passage.
protocol DatabaseAccess: Sendable {
    var database: any DatabaseWriter { get }
    /// The path of the file, for messages.
    var path: String { get }
    /// The function that wraps each access to a database in memory, so that a simulation can
    /// interrupt it; nil for files.
    var passage: Journal.Passage? { get }
    /// The queue for writes to a file.
    var commits: CommitQueue { get }
    /// The queue for reads of a file, one after the other.
    var reads: DispatchQueue { get }
}

extension DatabaseAccess {
    func write<Value: Sendable>(
        _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws(TranshipError) -> Value {
        guard let passage else {
            do {
                return try await commits.write(work)
            } catch {
                throw Journal.wrap(error, path: path)
            }
        }
        return try atOnce(passage, writes: true) { try database.writeWithoutTransaction(work) }
    }

    func read<Value: Sendable>(
        _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws(TranshipError) -> Value {
        guard let passage else {
            do {
                return try await withCheckedThrowingContinuation { continuation in
                    // A plan removes its file when it ends, so the queue must not hold it.
                    reads.async { [database] in
                        continuation.resume(with: Result { try Self.snapshot(of: database, work) })
                    }
                }
            } catch {
                throw Journal.wrap(error, path: path)
            }
        }
        return try atOnce(passage, writes: false) { try database.unsafeRead(work) }
    }

    /// Reads within one transaction, so that all statements see the same state.
    ///
    /// GRDB's own `read` sets `PRAGMA query_only` before and after. Each time, SQLite then prepares
    /// every cached statement again, which costs more than most of the reads.
    private static func snapshot<Value>(
        of database: any DatabaseWriter, _ work: (Database) throws -> Value
    ) throws -> Value {
        try database.unsafeRead { db in
            var value: Value?
            try db.inTransaction(.deferred) {
                value = try work(db)
                return .commit
            }
            guard let value else { preconditionFailure("a read ended without its value") }
            return value
        }
    }

    private func atOnce<Value>(
        _ passage: Journal.Passage, writes: Bool, _ access: @escaping () throws -> Value
    ) throws(TranshipError) -> Value {
        do {
            var value: Value?
            try passage(writes) { value = try access() }
            guard let value else { preconditionFailure("a passage did nothing and threw nothing") }
            return value
        } catch {
            throw Journal.wrap(error, path: path)
        }
    }
}
