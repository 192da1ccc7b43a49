// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Glibc

/// A file that gets its name only when it is complete.
final class PartialFile: Sendable {
    private let path: String
    /// The path of the incomplete file; nil for a pipe or a device, which is written directly.
    private let partialPath: String?
    private let descriptor: Int32
    private let writtenBytes = Guarded<Int64>(0)

    /// - Throws: ``TranshipError/Code/targetFailed``.
    init(_ path: String) throws(TranshipError) {
        var status = stat()
        let exists = stat(path, &status) == 0
        let kind = status.st_mode & S_IFMT
        if exists, kind == S_IFDIR {
            throw TranshipError(
                .targetFailed, "\(path) is a directory", hint: "give the name of a file in it")
        }
        let isSpecial = exists && kind != S_IFREG
        let partialPath = isSpecial ? nil : Self.beside(path)
        descriptor =
            partialPath.map { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666) }
            ?? open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("cannot write", path) }
        self.path = path
        self.partialPath = partialPath
    }

    /// Returns the path of a hidden file in the same directory, since a rename cannot cross file
    /// systems.
    private static func beside(_ path: String) -> String {
        let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        let name = path[slash...].utf8.prefix(200)
        let token = String(UInt64.random(in: .min ... .max), radix: 36)
        return "\(path[..<slash]).\(String(decoding: name, as: UTF8.self)).\(token).partial"
    }

    /// Writes all bytes.
    ///
    /// - Returns: the number of bytes written so far.
    func write(_ bytes: UnsafeRawBufferPointer) throws(TranshipError) -> Int64 {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(
                descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw Self.failure("cannot write", path)
            }
            rest = rest.dropFirst(count)
        }
        return writtenBytes.withLock { total in
            total += Int64(bytes.count)
            return total
        }
    }

    /// Flushes the file to the disk and gives it its name. Call it once, and not after
    /// ``discard()``.
    func commit() throws(TranshipError) {
        guard let partialPath else {
            close(descriptor)
            return
        }
        guard fsync(descriptor) == 0 else {
            let error = Self.failure("cannot write", path)
            discard()
            throw error
        }
        close(descriptor)
        guard rename(partialPath, path) == 0 else {
            let error = Self.failure("cannot rename \(partialPath) to", path)
            unlink(partialPath)
            throw error
        }
    }

    func discard() {
        close(descriptor)
        if let partialPath { unlink(partialPath) }
    }

    private static func failure(_ what: String, _ path: String) -> TranshipError {
        TranshipError(
            .targetFailed, "\(what) \(path): \(String(cString: strerror(errno)))",
            hint: errno == ENOSPC
                ? "make room on that disk" : "check that the directory is there and writable")
    }
}
