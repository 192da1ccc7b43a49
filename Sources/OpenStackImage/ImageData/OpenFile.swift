// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Glibc

/// A file that is open for reading.
struct OpenFile: Sendable {
    private static let chunkBytes = 256 << 10
    /// The interval at which a wait for a silent pipe checks if its bytes are still wanted.
    private static let lookMilliseconds: Int32 = 200

    let descriptor: Int32
    let name: String
    private let isOurs: Bool
    /// The size of the rest of a plain file; nil for any other file.
    let sizeBytes: Int64?

    init(reading path: String) throws(TranshipError) {
        // Not O_NONBLOCK: it has no effect on plain files, and poll(2) handles the others.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw TranshipError(
                .sourceUnavailable, "cannot open \(path): \(Self.lastError)",
                hint: "check that the file is there and readable")
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
            close(descriptor)
            throw TranshipError(.sourceUnavailable, "\(path) is a directory")
        }
        self.init(descriptor, name: path, isOurs: true)
    }

    init(borrowing descriptor: Int32, name: String? = nil) {
        self.init(descriptor, name: name ?? "descriptor \(descriptor)", isOurs: false)
    }

    private init(_ descriptor: Int32, name: String, isOurs: Bool) {
        self.descriptor = descriptor
        self.name = name
        self.isOurs = isOurs
        var status = stat()
        let isRegular = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        let position = lseek(descriptor, 0, SEEK_CUR)
        sizeBytes = isRegular ? max(0, Int64(status.st_size) - Int64(max(0, position))) : nil
    }

    /// Returns the size of a plain file; nil for any other file.
    static func sizeBytes(_ path: String) -> Int64? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int64(status.st_size)
    }

    /// Writes the whole file into a ring.
    ///
    /// - Throws: ``TranshipError/Code/sourceUnavailable``, ``TranshipError/Code/sourceChanged`` for
    ///   a plain file whose size changed, and the failure of the ring.
    func pump(into ring: ByteRing, opened: @Sendable (Int64?) -> Void) async throws {
        opened(sizeBytes)
        try await BlockingWork.run {
            defer { if isOurs { close(descriptor) } }
            try pump(into: ring)
        }
    }

    private func pump(into ring: ByteRing) throws(TranshipError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.chunkBytes, alignment: 16)
        defer { buffer.deallocate() }
        var total: Int64 = 0
        while try waitForBytes(ring) {
            let count = read(descriptor, buffer.baseAddress, Self.chunkBytes)
            if count < 0 {
                if errno == EINTR || errno == EAGAIN { continue }
                throw TranshipError(
                    .sourceUnavailable, "cannot read \(name): \(Self.lastError)")
            }
            if count == 0 { break }
            total += Int64(count)
            try ring.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
        guard let sizeBytes, sizeBytes != total else { return }
        throw TranshipError(
            .sourceChanged,
            "\(name) changed while it was read: \(sizeBytes) bytes at first, \(total) read",
            hint: "wait until nothing writes to it, then try again")
    }

    /// Returns true as soon as a read does not block for long.
    private func waitForBytes(_ ring: ByteRing) throws(TranshipError) -> Bool {
        guard sizeBytes == nil else { return true }
        while true {
            if let failure = ring.failure { throw failure }
            var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let result = poll(&poller, 1, Self.lookMilliseconds)
            if result > 0 || (result < 0 && errno != EINTR) { return true }
        }
    }

    private static var lastError: String { String(cString: strerror(errno)) }
}
