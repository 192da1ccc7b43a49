// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation
internal import MigrationModel

/// An advisory lock on a file beside a journal or a plan, for one process at a time.
///
/// The kernel holds the lock (`flock(2)`), so it ends with the process in all cases; the text in
/// the file only names the holder.
///
/// Only the holder removes the file (``removeFile()``). A process that opened it before that gets
/// the lock of a file that has no name any more, while another process may lock a new file of that
/// name. So a lock counts only if its file still has the name: a process with the lock of another
/// file tries again.
final class JournalLock: Sendable {
    private let descriptor: Int32
    private let path: String

    /// The maximum number of files that may be removed between opening and locking, one after
    /// another.
    private static let triesMax = 100

    /// - Parameters:
    ///   - what: the locked file, for messages.
    ///   - hint: the hint for an operator if another process has the lock.
    /// - Throws: ``TranshipError/Code/journalInUse`` that names the holder.
    init(
        path locked: String, what: String,
        hint: String =
            "wait until that ends (`tranship status` shows a run), or name another --journal"
    ) throws(TranshipError) {
        path = locked + ".lock"
        descriptor = try Self.locked(path) { holder in
            TranshipError(
                .journalInUse, "\(what) \(locked) is in use by \(holder)", hint: hint)
        }
        let own = LockHolder(
            processID: getpid(), host: ProcessInfo.processInfo.hostName, now: Timestamp.now())
        _ = ftruncate(descriptor, 0)
        _ = (own.words + "\n").withCString { pwrite(descriptor, $0, strlen($0), 0) }
    }

    /// Opens and locks the file that has the name at the moment of locking.
    private static func locked(
        _ path: String, inUse: (_ holder: String) -> TranshipError
    ) throws(TranshipError) -> Int32 {
        for _ in 0..<triesMax {
            let descriptor = try OwnFile.open(path)
            let isLocked = flock(descriptor, LOCK_EX | LOCK_NB) == 0
            let hasName = isFile(descriptor, at: path)
            if isLocked, hasName { return descriptor }
            let holder = named(in: path).words
            close(descriptor)
            if hasName { throw inUse(holder) }
        }
        throw inUse("processes that come and go")
    }

    /// True if the name still leads to the open file.
    private static func isFile(_ descriptor: Int32, at path: String) -> Bool {
        var (opened, named) = (stat(), stat())
        return fstat(descriptor, &opened) == 0 && lstat(path, &named) == 0
            && opened.st_dev == named.st_dev && opened.st_ino == named.st_ino
    }

    /// Removes the file. The lock protects nothing afterwards, so remove the locked file before.
    func removeFile() { unlink(path) }

    deinit {
        // Closing is not enough: a child that was forked and has not called exec yet would keep the
        // lock.
        _ = flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// Returns the process that holds the lock now; nil if there is none. Never waits.
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
