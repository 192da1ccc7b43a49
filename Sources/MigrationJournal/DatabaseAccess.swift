// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import GRDB

/// How the journal and the plan beside it are read and written.
///
/// In a file, every access is shielded: cancelling the caller does not cancel it. In memory, it is
/// carried out at once, on the caller's thread, through the passage.
protocol DatabaseAccess: Sendable {
    var database: any DatabaseWriter { get }
    /// The file, for messages.
    var path: String { get }
    /// Wraps each access to a database in memory so that a simulation can interrupt it; nil for
    /// files.
    var passage: Journal.Passage? { get }
    /// What a test does at the commits; nil without tests.
    var hook: CommitHook? { get }
}

extension DatabaseAccess {
    func write<Value: Sendable>(
        _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws(TranshipError) -> Value {
        let (database, hook) = (database, hook)
        return try await access(writes: true) {
            try database.writeWithoutTransaction(work)
        } later: {
            guard let hook else { return try await database.write(work) }
            return try await hook.around { try await database.write(work) }
        }
    }

    func read<Value: Sendable>(
        _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws(TranshipError) -> Value {
        let database = database
        return try await access(writes: false) {
            try database.unsafeRead(work)
        } later: {
            try await database.read(work)
        }
    }

    private func access<Value: Sendable>(
        writes: Bool, atOnce: () throws -> Value,
        later: @escaping @Sendable () async throws -> Value
    ) async throws(TranshipError) -> Value {
        do {
            // Unstructured, so that cancelling the caller does not cancel it.
            guard let passage else { return try await Task { try await later() }.value }
            var value: Value?
            try passage(writes) { value = try atOnce() }
            guard let value else { preconditionFailure("a passage did nothing and threw nothing") }
            return value
        } catch {
            throw Journal.wrap(error, path: path)
        }
    }
}
