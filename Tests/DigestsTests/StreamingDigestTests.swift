// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Testing

@Suite struct StreamingDigestTests {
    // RFC 1321, section A.5; FIPS 180-4 examples.
    @Test(arguments: [
        ("md5:900150983cd24fb0d6963f7d28e17f72", "abc"),
        ("md5:d41d8cd98f00b204e9800998ecf8427e", ""),
        ("sha1:a9993e364706816aba3e25717850c26c9cd0d89d", "abc"),
        ("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "abc"),
        (
            "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f", "abc"
        ),
    ])
    func `Known texts have their published digests`(expected: String, text: String) throws {
        let expected = try Checksum(expected)
        #expect(try digest(expected.algorithm, of: Array(text.utf8)) == expected)
    }

    @Test(arguments: Checksum.Algorithm.allCases)
    func `Pieces of any size give the digest of the whole`(
        algorithm: Checksum.Algorithm
    ) throws {
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let streaming = try StreamingDigest(algorithm)
        var rest = bytes[...]
        var size = 0
        while !rest.isEmpty {
            rest.prefix(size).withUnsafeBytes { streaming.update($0) }
            rest = rest.dropFirst(size)
            size = size * 3 + 1
        }
        #expect(try streaming.finish() == digest(algorithm, of: bytes))
    }
}
