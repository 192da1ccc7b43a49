// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Glibc
internal import MigrationPipeline

/// An open folder of an archive.
///
/// Files are opened relative to its descriptor and never through a link, so a link in the archive
/// does not lead out of it.
final class OpenFolder: Sendable {
    let descriptor: Int32
    let path: String
    let side: TranshipError.Side

    private init(_ descriptor: Int32, _ path: String, _ side: TranshipError.Side) {
        self.descriptor = descriptor
        self.path = path
        self.side = side
    }

    convenience init(_ path: String, _ side: TranshipError.Side) throws(TranshipError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("cannot open the folder", path, side) }
        self.init(descriptor, path, side)
    }

    deinit { close(descriptor) }

    /// Opens a folder; nil if there is none.
    static func ifThere(
        _ path: String, _ side: TranshipError.Side
    ) throws(TranshipError) -> OpenFolder? {
        var status = stat()
        if stat(path, &status) != 0, errno == ENOENT { return nil }
        return try OpenFolder(path, side)
    }

    /// Opens a folder in this one; nil if there is none.
    func folder(_ name: String) throws(TranshipError) -> OpenFolder? {
        let found = openat(
            descriptor, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
        guard found >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("cannot open the folder", name)
        }
        return OpenFolder(found, "\(path)/\(name)", side)
    }

    // MARK: Reading

    /// Returns the status of a name without following links; nil if the name does not exist.
    func status(_ name: String) -> stat? {
        var status = stat()
        return fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status : nil
    }

    /// Opens a plain file for reading; nil if there is none. The caller closes it.
    func openFile(_ name: String) throws(TranshipError) -> (descriptor: Int32, status: stat)? {
        // A named pipe without a writer would block for ever.
        let file = openat(descriptor, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            if errno == ELOOP { throw special(name, "a symbolic link") }
            throw failure("cannot open", name)
        }
        var status = stat()
        guard fstat(file, &status) == 0 else {
            close(file)
            throw failure("cannot read", name)
        }
        if let kind = WholeFile.kind(status.st_mode) {
            close(file)
            throw special(name, kind)
        }
        return (file, status)
    }

    /// Reads a small file; nil if there is none.
    func read(_ name: String, bytesMax: Int) throws(TranshipError) -> [UInt8]? {
        guard let (file, _) = try openFile(name) else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = Glibc.read(file, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("cannot read", name) }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= bytesMax else {
                throw TranshipError(
                    Self.code(side),
                    "\(path)/\(name) has more than \(ByteCount.format(Int64(bytesMax)))",
                    hint: "remove the file: Tranship did not write it", side: side,
                    cause: NotOurFile())
            }
        }
    }

    /// Calls the body with each name, in no particular order.
    func eachName(_ body: (String) -> Void) throws(TranshipError) {
        // Use a second descriptor, since reading a listing moves its position.
        let own = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard own >= 0, let stream = fdopendir(own) else {
            if own >= 0 { close(own) }
            throw Self.failure("cannot list", path, side)
        }
        defer { closedir(stream) }
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw Self.failure("cannot list", path, side) }
                return
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) {
                    String(cString: $0)
                }
            }
            if name != ".", name != ".." { body(name) }
        }
    }

    // MARK: Writing

    /// Returns the name that a file has while it is written.
    static func newName(of name: String) -> String {
        name.hasPrefix(".") ? "\(name).new" : ".\(name).new"
    }

    /// A file that only this process may write.
    final class LockedFile: Sendable {
        let descriptor: Int32

        init(descriptor: Int32) { self.descriptor = descriptor }

        deinit { close(descriptor) }
    }

    /// Opens a file for writing, after making it with mode 0600 if it is missing, and locks it
    /// until it is closed. The lock also ends with its process.
    ///
    /// - Returns: nil if another process has the lock.
    func lock(_ name: String) throws(TranshipError) -> LockedFile? {
        for _ in 0..<Self.lockTriesMax {
            let file = openat(
                descriptor, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
            guard file >= 0 else {
                if errno == ELOOP { throw special(name, "a symbolic link") }
                throw failure("cannot write", name)
            }
            let locked = LockedFile(descriptor: file)
            var own = stat()
            guard fstat(file, &own) == 0 else { throw failure("cannot write", name) }
            if let kind = WholeFile.kind(own.st_mode) { throw special(name, kind) }
            guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
                if errno == EWOULDBLOCK { return nil }
                throw failure("cannot lock", name)
            }
            // The process that had the lock may have renamed the file to its last name, or removed
            // it.
            if let now = status(name), now.st_ino == own.st_ino, now.st_dev == own.st_dev {
                return locked
            }
        }
        return nil
    }

    private static let lockTriesMax = 100

    /// True if another process is writing the file.
    func isLocked(_ name: String) -> Bool {
        let file = openat(descriptor, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { return false }
        defer { close(file) }
        return flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    /// Replaces a small file as a whole. If this fails, the earlier file stays.
    func replace(
        _ name: String, with bytes: [UInt8], write: (Int32, UnsafeRawPointer, Int) -> Int
    ) throws(TranshipError) {
        let new = Self.newName(of: name)
        var locked: LockedFile?
        for _ in 0..<Self.recordWaitsMax {
            locked = try lock(new)
            if locked != nil { break }
            usleep(20_000)
        }
        guard let file = locked else {
            throw TranshipError(
                .conflict, "another process has been writing \(path)/\(name) for a second",
                hint: "wait until the other run is over", isTransient: true, side: side)
        }
        do throws(TranshipError) {
            guard ftruncate(file.descriptor, 0) == 0 else { throw failure("cannot write", name) }
            let copy = UnsafeMutableRawBufferPointer.allocate(
                byteCount: max(1, bytes.count), alignment: 1)
            defer { copy.deallocate() }
            copy.copyBytes(from: bytes)
            try writeAll(
                UnsafeRawBufferPointer(rebasing: copy[0..<bytes.count]), to: file.descriptor, name,
                write)
            guard fsync(file.descriptor) == 0 else { throw failure("cannot write", name) }
            try rename(new, to: name)
        } catch {
            unlinkat(descriptor, new, 0)
            throw error
        }
        try sync()
    }

    private static let recordWaitsMax = 50

    func writeAll(
        _ bytes: UnsafeRawBufferPointer, to file: Int32, _ name: String,
        _ write: (Int32, UnsafeRawPointer, Int) -> Int
    ) throws(TranshipError) {
        var done = 0
        while done < bytes.count, let start = bytes.baseAddress {
            let count = write(file, start + done, bytes.count - done)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("cannot write", name) }
            done += count
        }
    }

    func rename(_ name: String, to other: String) throws(TranshipError) {
        guard renameat(descriptor, name, descriptor, other) == 0 else {
            throw failure("cannot rename \(name) to", other)
        }
    }

    /// Removes a file. A missing file is not an error.
    func remove(_ name: String) throws(TranshipError) {
        guard unlinkat(descriptor, name, 0) == 0 || errno == ENOENT else {
            throw failure("cannot remove", name)
        }
    }

    /// Syncs the folder, so that its names survive a power failure.
    func sync() throws(TranshipError) {
        guard fsync(descriptor) == 0 else { throw Self.failure("cannot write", path, side) }
    }

    // MARK: Errors

    static func code(_ side: TranshipError.Side) -> TranshipError.Code {
        side == .source ? .sourceUnavailable : .targetFailed
    }

    static func words(_ number: Int32) -> String { String(cString: strerror(number)) }

    func failure(_ what: String, _ name: String) -> TranshipError {
        Self.failure(what, "\(path)/\(name)", side)
    }

    /// Returns the error for the current `errno`.
    static func failure(
        _ what: String, _ path: String, _ side: TranshipError.Side
    ) -> TranshipError {
        let number = errno
        let isFull = side == .target && [ENOSPC, EDQUOT].contains(number)
        let hint =
            switch number {
            case ENOSPC, EDQUOT: "make room on that disk, and run again"
            case ENOENT: "check the path, and that its disk is mounted"
            case EFBIG: "the file system takes no file of that size; name a folder of another one"
            default: "check the rights of the folder, and that it is not a link or a file"
            }
        return TranshipError(
            code(side), "\(what) \(path): \(words(number))", hint: hint, side: side,
            cause: isFull ? FullTarget() : nil)
    }

    private func special(_ name: String, _ kind: String) -> TranshipError {
        TranshipError(
            Self.code(side), "\(path)/\(name) is \(kind), not a plain file",
            hint: "restore it from a copy of the archive, which has plain files only",
            side: side, cause: NotOurFile())
    }
}

/// The cause of an error about a file, link or folder that no archive target wrote.
struct NotOurFile: Error {}
