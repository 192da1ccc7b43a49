// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import CZlib

/// Decompresses gzip with zlib, because libarchive 3.6 does not compare the checksum at the end of
/// a member.
enum Gunzip {
    private static let bufferBytes = 128 << 10

    static func run(
        _ input: CompressedInput, _ output: BoundedOutput
    ) throws(DecompressionFailure) {
        // zlib keeps the address of the stream, so the stream must not move.
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        defer { stream.deallocate() }
        guard tranship_gunzip_begin(stream) == Z_OK else { throw .isDamaged("no memory") }
        defer { inflateEnd(stream) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferBytes, alignment: 16)
        defer { buffer.deallocate() }
        var isBetweenMembers = false
        while true {
            let chunk = try input.next()
            guard let start = chunk.baseAddress, !chunk.isEmpty else {
                guard isBetweenMembers else { throw .endsEarly }
                return
            }
            stream.pointee.next_in = UnsafeMutableRawPointer(mutating: start)
                .assumingMemoryBound(to: Bytef.self)
            stream.pointee.avail_in = uInt(chunk.count)
            var isMore = true
            while isMore {
                if isBetweenMembers {
                    guard let next = stream.pointee.next_in, stream.pointee.avail_in > 0 else {
                        break
                    }
                    if next.pointee == 0 {
                        return try input.takePadding(
                            from: input.takenBytes - Int64(stream.pointee.avail_in))
                    }
                    inflateReset(stream)
                    isBetweenMembers = false
                    guard next.pointee == 0x1F else { throw .trailing }
                }
                isMore = try inflate(stream, into: buffer, output, input, &isBetweenMembers)
            }
        }
    }

    /// Decompresses as much of the current chunk as fits into the buffer.
    ///
    /// - Returns: true if the same chunk may hold more.
    private static func inflate(
        _ stream: UnsafeMutablePointer<z_stream>, into buffer: UnsafeMutableRawBufferPointer,
        _ output: BoundedOutput, _ input: CompressedInput, _ isAtEnd: inout Bool
    ) throws(DecompressionFailure) -> Bool {
        stream.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: Bytef.self)
        stream.pointee.avail_out = uInt(buffer.count)
        let result = CZlib.inflate(stream, Z_NO_FLUSH)
        let count = buffer.count - Int(stream.pointee.avail_out)
        try output.put(UnsafeRawBufferPointer(rebasing: buffer[..<count]), after: input.takenBytes)
        switch result {
        case Z_STREAM_END:
            isAtEnd = true
            return stream.pointee.avail_in > 0
        case Z_OK: return stream.pointee.avail_in > 0 || stream.pointee.avail_out == 0
        case Z_BUF_ERROR: return false
        default:
            throw .isDamaged(stream.pointee.msg.map { String(cString: $0) } ?? "zlib: \(result)")
        }
    }
}
