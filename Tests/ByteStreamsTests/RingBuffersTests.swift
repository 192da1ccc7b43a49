// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ByteStreams

@Suite struct RingBuffersTests {
    @Test func `A buffer that came back is lent again, to a ring of the same size`() throws {
        let buffers = RingBuffers(keptBytesMax: 1 << 20)
        let first = try buffers.take(64 << 10)
        let second = try buffers.take(64 << 10)
        #expect(first.address != second.address)
        buffers.give(first)
        #expect(try buffers.take(32 << 10).address != first.address)
        #expect(try buffers.take(64 << 10).address == first.address)
        #expect(try buffers.take(64 << 10).address != first.address)
    }

    @Test func `The oldest buffers go when too many bytes are kept`() throws {
        let buffers = RingBuffers(keptBytesMax: 128 << 10)
        let lent = try (0..<4).map { _ in try buffers.take(64 << 10) }
        for memory in lent { buffers.give(memory) }
        let again = try (0..<2).map { _ in try buffers.take(64 << 10).address }
        #expect(again == [lent[3].address, lent[2].address])
    }

    @Test func `A buffer that is larger than all that may be kept is not kept`() throws {
        let buffers = RingBuffers(keptBytesMax: 64 << 10)
        let small = try buffers.take(64 << 10)
        buffers.give(try buffers.take(128 << 10))
        buffers.give(small)
        #expect(try buffers.take(64 << 10).address == small.address)
    }
}
