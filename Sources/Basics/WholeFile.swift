// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Reads files that the operator names: settings, lists, keys and plans.
package enum WholeFile {
    /// The reason why a file was not read.
    package enum Problem: Error, Equatable {
        /// The words of the C library, in lower case.
        case unreadable(String, isMissing: Bool)
        /// The path is not a regular file. The text says what it is, such as `a directory`.
        case special(String)
        /// The file is larger than the limit, in bytes.
        case larger(bytesMax: Int)

        /// True if nothing exists at the path.
        package var isMissing: Bool {
            if case .unreadable(_, let isMissing) = self { isMissing } else { false }
        }

        /// The words of a message that follow the path.
        package var words: String {
            switch self {
            case .unreadable(let words, _): "cannot be read: \(words)"
            case .special(let kind): "is \(kind), not a regular file"
            case .larger(let bytesMax): "has more than \(ByteCount.format(Int64(bytesMax)))"
            }
        }
    }

    /// Reads a regular file.
    ///
    /// Refuses other kinds: a named pipe without a writer would block for ever, and a device may
    /// never end. But it reads the standard input and the descriptors that a shell passes
    /// (`/dev/fd/63`), whatever their kind, except directories.
    package static func read(_ path: String, bytesMax: Int) throws(Problem) -> [UInt8] {
        let bytes = try read(path, 0, isPassed: isPassed(path)) { $0 > bytesMax }
        guard bytes.count <= bytesMax else { throw .larger(bytesMax: bytesMax) }
        return bytes
    }

    /// Reads the first bytes of a regular file, to see what it is. Returns all bytes of a shorter
    /// file, and nil if nothing exists at the path.
    ///
    /// Refuses all other kinds: a user who may write into the folder could put a named pipe there,
    /// which would block for ever.
    package static func head(
        _ path: String, bytes count: Int, followsLinks: Bool = true
    ) throws(Problem) -> [UInt8]? {
        do throws(Problem) {
            let flags = followsLinks ? 0 : O_NOFOLLOW
            return Array(try read(path, flags, isPassed: false) { $0 >= count }.prefix(count))
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }

    /// Reads until the end, or until `suffices` is true for the number of bytes so far.
    private static func read(
        _ path: String, _ flags: Int32, isPassed: Bool, suffices: (Int) -> Bool
    ) throws(Problem) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | flags | (isPassed ? 0 : O_NONBLOCK))
        guard descriptor >= 0 else {
            if errno == ELOOP, flags & O_NOFOLLOW != 0 { throw .special("a symbolic link") }
            throw unreadable()
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw unreadable() }
        if let kind = kind(status.st_mode), !isPassed || kind == directory {
            throw .special(kind)
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while !suffices(bytes.count) {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw unreadable() }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        return bytes
    }

    /// Returns words for a path at which there is something other than a regular file; nil if there
    /// is a regular file, or nothing.
    package static func special(_ path: String) -> String? {
        var status = stat()
        guard stat(path, &status) == 0, let kind = kind(status.st_mode) else { return nil }
        return Problem.special(kind).words
    }

    private static let directory = "a directory"

    /// Returns words for the kind of a file with this mode; nil for a regular file.
    package static func kind(_ mode: UInt32) -> String? {
        switch mode & S_IFMT {
        case S_IFREG: nil
        case S_IFDIR: directory
        case S_IFIFO: "a named pipe"
        case S_IFSOCK: "a socket"
        case S_IFCHR, S_IFBLK: "a device"
        case S_IFLNK: "a symbolic link"
        default: "of an unknown kind"
        }
    }

    private static func isPassed(_ path: String) -> Bool {
        path == "/dev/stdin" || ["/dev/fd/", "/proc/self/fd/"].contains(where: path.hasPrefix)
    }

    private static func unreadable() -> Problem {
        let number = errno
        let words = String(cString: strerror(number))
        return .unreadable(
            words.prefix(1).lowercased() + words.dropFirst(), isMissing: number == ENOENT)
    }
}
