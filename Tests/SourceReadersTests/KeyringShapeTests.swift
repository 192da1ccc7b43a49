// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SourceReaders

@Suite struct KeyringShapeTests {
    /// Heads of both formats with each kind of length (RFC 9580, section 4.2).
    @Test(
        arguments: [
            [0x98, 2, 1, 2], [0x99, 0, 2, 1, 2], [0x9A, 0, 0, 0, 2, 1, 2], [0xC6, 2, 1, 2],
            [0xC6, 255, 0, 0, 0, 2, 1, 2], [0xC6, 192, 0] + [UInt8](repeating: 1, count: 192),
        ] as [[UInt8]])
    func `A packet is whole with all of its bytes, and cut with fewer`(packet: [UInt8]) {
        #expect(KeyringShape(packet) == .whole)
        #expect(KeyringShape(packet + packet) == .whole)
        for count in 1..<packet.count {
            #expect(KeyringShape(Array(packet.prefix(count))) == .cut)
            #expect(KeyringShape(packet + packet.prefix(count)) == .cut)
        }
    }

    @Test func `Text and nothing are not keyrings, and a keybox is one`() {
        #expect(KeyringShape([]) == .other)
        #expect(KeyringShape([UInt8]("hello".utf8)) == .other)
        #expect(KeyringShape([0, 0, 0, 32, 1, 1, 0, 2] + "KBXf".utf8) == .whole)
        // Packets of an unknown length.
        #expect(KeyringShape([0x9B, 1]) == .whole && KeyringShape([0xC6, 230, 1]) == .whole)
    }
}
