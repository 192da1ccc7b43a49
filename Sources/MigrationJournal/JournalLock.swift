// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation
internal import MigrationModel

/// One process per journal, and per plan: an advisory lock on a file beside it.
///
/// The kernel holds the lock (`flock(2)`), so it ends with the process, however
/// that ends; the text in the file only names the holder. The file is
/// never removed: removing it would let two processes lock two files of one name.
final class JournalLock: Sendable {
    private let descriptor: Int32

    /// - Parameter what: the locked file, for messages.
    /// - Throws: ``TranshipError/Code/journalInUse`` with the holder's words.
    init(path locked: String, what: String) throws(TranshipError) {
        let path = locked + ".lock"
        let descriptor = try OwnFile.open(path)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let holder = Self.named(in: path)
            close(descriptor)
            throw TranshipError(
                .journalInUse, "\(what) \(locked) is in use by \(holder.words)",
                hint:
                    "wait until that ends (`tranship status` shows a run), or name another --journal"
            )
        }
        let own = LockHolder(
            processID: getpid(), host: ProcessInfo.processInfo.hostName, now: Timestamp.now())
        _ = ftruncate(descriptor, 0)
        _ = (own.words + "\n").withCString { pwrite(descriptor, $0, strlen($0), 0) }
        self.descriptor = descriptor
    }

    deinit {
        // Closing alone leaves it to a child that was forked and has not called exec yet.
        _ = flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// The process that holds the lock now, or nil. Never waits.
    static func holder(path locked: String) -> LockHolder? {
        let path = locked + ".lock"
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        if flock(descriptor, LOCK_SH | LOCK_NB) == 0 {
            _ = flock(descriptor, LOCK_UN)
            return nil
        }
        return named(in: path)
    }

    private static func named(in path: String) -> LockHolder {
        let bytes = (try? WholeFile.read(path, bytesMax: 64 << 10)) ?? []
        let text = String(decoding: bytes, as: UTF8.self)
        let line = text.prefix(200).trimmingCharacters(in: .whitespacesAndNewlines)
        return LockHolder(text: line)
    }
}
