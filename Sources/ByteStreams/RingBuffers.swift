// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Glibc

/// The buffer of one ring.
struct RingMemory: Sendable {
    fileprivate let addressBits: UInt
    let bytes: Int

    var address: UnsafeMutableRawPointer {
        guard let address = UnsafeMutableRawPointer(bitPattern: addressBits) else {
            preconditionFailure("a buffer is never at address 0")
        }
        return address
    }
}

/// A store of buffers that lends them to rings and keeps a few of the returned ones.
///
/// The kernel clears each page of a new buffer. For an image of 1 MiB, that takes nearly as long as
/// encrypting the image; a kept buffer needs no clearing.
final class RingBuffers: Sendable {
    static let shared = RingBuffers(keptBytesMax: 16 << 20)

    private let keptBytesMax: Int
    /// The kept buffers, in the order in which they came back.
    private let kept = Guarded<[RingMemory]>([])

    /// - Parameter keptBytesMax: the limit for the kept buffers of all sizes together.
    init(keptBytesMax: Int) {
        self.keptBytesMax = keptBytesMax
    }

    /// Lends a buffer of this size. Its contents are undefined.
    func take(_ bytes: Int) throws(TranshipError) -> RingMemory {
        let known: RingMemory? = kept.withLock { kept in
            guard let index = kept.lastIndex(where: { $0.bytes == bytes }) else { return nil }
            return kept.remove(at: index)
        }
        if let known { return known }
        let address = mmap(
            nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let address, address != MAP_FAILED else {
            throw TranshipError(
                .unclassified,
                "no memory for a buffer of \(ByteCount.format(Int64(bytes))): "
                    + String(cString: strerror(errno)),
                hint: "lower limits.images, so that fewer images are transferred at once")
        }
        return RingMemory(addressBits: UInt(bitPattern: address), bytes: bytes)
    }

    /// Takes back a buffer that is not used any more.
    func give(_ memory: RingMemory) {
        let surplus: [RingMemory] = kept.withLock { kept in
            kept.append(memory)
            var total = kept.reduce(0) { $0 + $1.bytes }
            var surplus: [RingMemory] = []
            while total > keptBytesMax, !kept.isEmpty {
                let oldest = kept.removeFirst()
                total -= oldest.bytes
                surplus.append(oldest)
            }
            return surplus
        }
        for memory in surplus { munmap(memory.address, memory.bytes) }
    }
}
