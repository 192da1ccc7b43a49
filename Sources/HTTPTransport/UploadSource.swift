// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams

/// The progress of an upload: the part of its body that was taken out of the ring.
///
/// With a declared size, this type keeps the last byte back until the ring has ended. Otherwise the
/// body could be complete before the source fails, or turns out to be longer.
struct UploadSource {
    /// The next step.
    enum Piece {
        case bytes(Int)
        case end
        /// Nothing came in time: check the connection and try again.
        case nothingYet
    }

    /// The difference between the source and its declared size.
    enum Mismatch { case short, long }

    private(set) var takenBytes: Int64 = 0
    private(set) var mismatch: Mismatch?
    private var lastByte: UInt8?
    /// True if the end was reached properly, so that curl may end the body.
    var isComplete = false

    mutating func next(
        of ring: ByteRing, sizeBytes: Int64?, into buffer: UnsafeMutableRawBufferPointer,
        withinMilliseconds wait: Int
    ) throws(TranshipError) -> Piece {
        if isComplete { return .end }
        if lastByte != nil { return try finish(ring, into: buffer, wait) }
        let rest = sizeBytes.map { max(0, $0 - takenBytes) } ?? Int64(buffer.count)
        let part = UnsafeMutableRawBufferPointer(
            rebasing: buffer.prefix(Int(min(rest, Int64(buffer.count)))))
        guard let count = try ring.read(into: part, withinMilliseconds: wait) else {
            return .nothingYet
        }
        if count == 0 {
            if sizeBytes == nil { isComplete = true } else { mismatch = .short }
            return .end
        }
        takenBytes += Int64(count)
        guard takenBytes == sizeBytes else { return .bytes(count) }
        lastByte = buffer[count - 1]
        return count > 1 ? .bytes(count - 1) : try finish(ring, into: buffer, wait)
    }

    private mutating func finish(
        _ ring: ByteRing, into buffer: UnsafeMutableRawBufferPointer, _ wait: Int
    ) throws(TranshipError) -> Piece {
        // curl always asks for at least one byte, so there is room.
        let one = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(1))
        guard let more = try ring.read(into: one, withinMilliseconds: wait) else {
            return .nothingYet
        }
        guard more == 0, let last = lastByte else {
            mismatch = .long
            return .end
        }
        buffer[0] = last
        lastByte = nil
        isComplete = true
        return .bytes(1)
    }
}
