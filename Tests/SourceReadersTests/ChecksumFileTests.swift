// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import TestSupport
import Testing

@testable import SourceReaders

@Suite struct ChecksumFileTests {
    private func digits(_ algorithm: Checksum.Algorithm, _ digit: Character = "a") -> String {
        String(repeating: digit, count: algorithm.digitCount)
    }

    private func find(_ name: String, _ text: String) -> Checksum? {
        ChecksumFile.checksum(for: name, in: text)
    }

    @Test(arguments: Checksum.Algorithm.allCases)
    func `Both usual forms are read, for every algorithm`(algorithm: Checksum.Algorithm) throws {
        let value = digits(algorithm)
        let expected = try Checksum(algorithm, value)
        let word = algorithm.rawValue.uppercased()
        for line in [
            "\(value)  a.img", "\(value) *a.img", "\(value.uppercased())  a.img",
            "\(value)  ./a.img", "\(value)\ta.img", "\(value)  releases/24.04/a.img",
            "\(word) (a.img) = \(value)", "\(word) (a.img)= \(value)", "\(word)(a.img)=\(value)",
            "\(value)  a.img   ", "  \(value)  a.img",
        ] {
            #expect(find("a.img", line) == expected, "\(line)")
            #expect(find("a.img", "# x\r\n\(line)\r\n\r\n") == expected, "\(line) CRLF")
        }
    }

    @Test func `BSD names an algorithm with or without a hyphen`() throws {
        #expect(
            find("a", "SHA2-256 (a) = \(digits(.sha256))") == nil)
        #expect(
            find("a", "SHA-256 (a) = \(digits(.sha256))") == (try Sample.checksum(.sha256, "a")))
    }

    @Test func `In a mixed file the strongest is taken, wherever it stands`() throws {
        let text = """
            -----BEGIN PGP SIGNED MESSAGE-----
            Hash: SHA256

            # a.img: 1000 bytes
            \(digits(.sha512))  a.img
            MD5 (a.img) = \(digits(.md5))
            SHA256 (a.img) = \(digits(.sha256))
            \(digits(.sha512, "b"))  b.img
            -----BEGIN PGP SIGNATURE-----
            iQIzBAEBCgAdFiEE
            -----END PGP SIGNATURE-----
            """
        #expect(find("a.img", text) == (try Sample.checksum(.sha512, "a")))
        #expect(find("b.img", text) == (try Sample.checksum(.sha512, "b")))
        #expect(find("c.img", text) == nil)
    }

    /// coreutils marks a line whose name it had to escape with a backslash.
    @Test func `Names with spaces, brackets and escapes are found`() throws {
        let expected = try Sample.checksum(.md5, "a")
        #expect(find("my image (2).img", "\(digits(.md5))  my image (2).img") == expected)
        #expect(find("my (2).img", "MD5 (my (2).img) = \(digits(.md5))") == expected)
        #expect(find("a\\b.img", "\\\(digits(.md5))  a\\\\b.img") == expected)
        #expect(find("a\nb.img", "\\\(digits(.md5))  a\\nb.img") == expected)
    }

    @Test func `Part of a name is not the name`() {
        let text = "\(digits(.md5))  a.img.xz\n\(digits(.md5))  xa.img\n"
        #expect(find("a.img", text) == nil)
        #expect(find("img", text) == nil)
    }

    @Test(arguments: [
        "", "nonsense", "zz  a.img", "d41d8cd9  a.img", "CRC32 (a.img) = 00000000",
        "MD5 (a.img) = short", "MD5 (a.img)", ") = (",
    ])
    func `What is no checksum is passed over`(line: String) {
        #expect(find("a.img", line) == nil)
    }
}
