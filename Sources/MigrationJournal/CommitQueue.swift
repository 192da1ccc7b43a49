// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Dispatch
internal import GRDB

/// A queue in which writes that are requested at about the same time share one commit.
///
/// A commit waits some milliseconds for the disk, and twenty writes take no longer than one. So
/// writes that are requested during a commit wait for its end, and then share the next commit. Each
/// caller goes on only after the commit that contains its own write.
///
/// A Dispatch thread writes, without `async`: GRDB's asynchronous writes change threads several
/// times for each commit, which takes more processor time than the commit itself.
final class CommitQueue: Sendable {
    /// The maximum number of writes in a transaction, so that no write waits for very many others.
    private static let writesMax = 64

    private struct Write: Sendable {
        let work: @Sendable (Database) throws -> Void
        let ended: @Sendable ((any Error)?) -> Void
    }

    private final class Returned<Value: Sendable>: Sendable {
        let kept = Guarded<Value?>(nil)
    }

    private struct State {
        var waiting: [Write] = []
        var isWriting = false
    }

    private let database: any DatabaseWriter
    private let hook: CommitHook?
    private let state = Guarded(State())
    private let queue = DispatchQueue(label: "tranship.journal.writes")

    init(_ database: any DatabaseWriter, hook: CommitHook?) {
        self.database = database
        self.hook = hook
    }

    /// Carries out a write, even if the calling task is cancelled.
    ///
    /// - Parameter work: may depend only on the database, because it runs again if another write of
    ///   its transaction fails.
    func write<Value: Sendable>(
        _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        let value = Returned<Value>()
        let error: (any Error)? = await withCheckedContinuation { continuation in
            let write = Write { db in
                let result = try work(db)
                value.kept.withLock { $0 = result }
            } ended: {
                continuation.resume(returning: $0)
            }
            let begins = state.withLock { state in
                state.waiting.append(write)
                defer { state.isWriting = true }
                return !state.isWriting
            }
            if begins { queue.async { self.writeAll() } }
        }
        if let error { throw error }
        guard let value = value.kept.withLock({ $0 }) else {
            preconditionFailure("a write ended without an error and without a value")
        }
        return value
    }

    private func writeAll() {
        while let writes = next() {
            let error = commit(writes)
            guard error != nil, writes.count > 1 else {
                for write in writes { write.ended(error) }
                continue
            }
            // None of the writes is in the file. Try each alone, so that only the bad one fails.
            for write in writes { write.ended(commit([write])) }
        }
    }

    /// - Returns: the reason why none of the writes is in the file; nil if all are.
    private func commit(_ writes: [Write]) -> (any Error)? {
        do {
            let transaction = { [database] in
                try database.write { db in for write in writes { try write.work(db) } }
            }
            if let hook { try hook.around(transaction) } else { try transaction() }
            return nil
        } catch {
            return error
        }
    }

    private func next() -> [Write]? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isWriting = false
                return nil
            }
            let writes = Array(state.waiting.prefix(Self.writesMax))
            state.waiting.removeFirst(writes.count)
            return writes
        }
    }
}
