// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import TestSupport
import Testing

@Suite struct ChecksumTests {
    @Test(arguments: Checksum.Algorithm.allCases)
    func `A value is read and written as algorithm and digits`(
        algorithm: Checksum.Algorithm
    ) throws {
        let digits = String(repeating: "aB3", count: 50).prefix(algorithm.digitCount)
        let checksum = try Checksum("\(algorithm.rawValue):\(digits)")
        #expect(checksum.algorithm == algorithm)
        #expect(checksum.value == digits.lowercased())
        #expect(try Checksum("\(checksum)") == checksum)
        #expect(try Checksum(algorithm.rawValue.uppercased() + ":\(digits)") == checksum)
        let data = try JSONEncoder().encode([checksum])
        #expect(try JSONDecoder().decode([Checksum].self, from: data) == [checksum])
    }

    /// Operators paste the output of `sha512sum`, so the mistakes to explain are a value that is
    /// too short and a file name after the value.
    @Test(arguments: Checksum.Algorithm.allCases)
    func `Digits alone are told the algorithm that they fit`(algorithm: Checksum.Algorithm) throws {
        let digits = String(repeating: "0a", count: algorithm.digitCount / 2)
        let error = #expect(throws: TranshipError.self) { _ = try Checksum(digits) }
        #expect(error?.hint?.hasSuffix(": write \(algorithm.rawValue):\(digits)") == true)
    }

    @Test func `A truncated value is refused with its length and what to do`() throws {
        let error = try #require(throws: TranshipError.self) {
            try Checksum("md5:d41d8cd98f00")
        }
        #expect(error.code == .invalidChecksum)
        #expect(
            "\(error)" == """
                a md5 checksum has 32 hexadecimal digits, but "d41d8cd98f00" has 12 characters
                hint: copy the whole value, without spaces or the file name after it
                """)
    }

    @Test(arguments: [
        "", ":", "d41d8cd98f00b204e9800998ecf8427e", "crc32:00000000", "sha3:",
        "md5:d41d8cd98f00b204e9800998ecf8427g", "md5:d41d8cd98f00b204e9800998ecf8427e ",
        "md5:d41d8cd98f00b204e9800998ecf8427٣", "md5::d41d8cd98f00b204e9800998ecf8427e",
    ])
    func `Text that is not a checksum is refused`(text: String) {
        let error = #expect(throws: TranshipError.self) { try Checksum(text) }
        #expect(error?.code == .invalidChecksum)
    }

    @Test func `A report is about the same data, about other data, or proves nothing`() throws {
        let md5 = try Checksum(.md5, String(repeating: "a", count: 32))
        let sha512 = try Checksum(.sha512, String(repeating: "b", count: 128))
        let other = try Checksum(.md5, String(repeating: "c", count: 32))
        #expect(Checksum.compare([md5, sha512], with: [sha512, md5]) == .same([sha512, md5]))
        #expect(Checksum.compare([md5], with: [sha512, md5]) == .same([md5]))
        // One right digest does not excuse a wrong one.
        #expect(
            Checksum.compare([md5, sha512], with: [sha512, other])
                == .other(known: md5, reported: other))
        #expect(Checksum.compare([md5, other], with: [md5]) == .other(known: other, reported: md5))
        for (known, reported) in [([md5], [sha512]), ([], [md5]), ([md5], [])] {
            #expect(Checksum.compare(known, with: reported) == .incomparable)
        }
    }

    @Test func `An MD5 never vouches for a SHA-256 of the same digits`() throws {
        let md5 = try Sample.checksum(.md5, "0")
        let sha256 = try Sample.checksum(.sha256, "0")
        #expect(!md5.matches(sha256))
        #expect(md5.matches(md5))
        #expect(!md5.matches(try Sample.checksum(.md5, "1")))
    }
}
