// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import TestSupport
import Testing

@testable import SourceReaders

@Suite struct ChecksumListTests {
    private func digits(_ algorithm: Checksum.Algorithm, _ digit: Character = "a") -> String {
        String(repeating: digit, count: algorithm.digitCount)
    }

    private func find(_ path: String, _ text: String, in file: String = "SUMS") -> Checksum? {
        try? ChecksumList(Array(text.utf8), fileName: file).checksum(forPath: path, shown: file)
    }

    private func refusal(_ path: String, _ text: String, in file: String = "SUMS") -> TranshipError?
    {
        do throws(TranshipError) {
            _ = try ChecksumList(Array(text.utf8), fileName: file)
                .checksum(forPath: path, shown: file)
            return nil
        } catch {
            return error
        }
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
            "\(value)  a.img   ", "  \(value)  a.img", "a.img: \(value)", "a.img:\(value)",
            "a.img: \(word):\(value)", "a.img:\(word)=\(value)", "a.img \(word): \(value)",
            "r/a.img  \(value)",
        ] {
            #expect(find("a.img", line) == expected, "\(line)")
            #expect(find("a.img", "# x\r\n\(line)\r\n\r\n") == expected, "\(line) CRLF")
        }
    }

    @Test func `Digits behind the name of an algorithm alone are those of the one file`() throws {
        for line in ["sha256=\(digits(.sha256))", "SHA256: \(digits(.sha256))"] {
            #expect(find("a.img", line) == (try Sample.checksum(.sha256, "a")), "\(line)")
        }
    }

    @Test(arguments: ["SHA256", "SHA-256", "SHA2-256"])
    func `BSD and both versions of OpenSSL name an algorithm`(label: String) throws {
        let expected = try Sample.checksum(.sha256, "a")
        #expect(find("a", "\(label) (a) = \(digits(.sha256))") == expected)
        #expect(find("a", "\(label)(a)= \(digits(.sha256))") == expected)
    }

    /// The format is that of Gentoo's DIGESTS: BLAKE2b has as many digits as SHA-512.
    @Test func `A heading decides which of two algorithms of one length it is`() throws {
        let blake = "# BLAKE2B HASH\n\(digits(.sha512, "b"))  a.img\n"
        let sha = "# SHA512 HASH\n\(digits(.sha512))  a.img\n"
        let expected = try Sample.checksum(.sha512, "a")
        #expect(find("a.img", blake + sha) == expected)
        #expect(find("a.img", sha + blake) == expected)
        #expect(refusal("a.img", blake)?.message == "SUMS has only blake2b for a.img")
        let bsd = "BLAKE2b (a.img) = \(digits(.sha512, "b"))\nSHA512 (a.img) = \(digits(.sha512))"
        #expect(find("a.img", bsd) == expected)
    }

    @Test func `The name of a list can say what its digits are`() throws {
        let line = "\(digits(.sha512))  a.img"
        #expect(find("a.img", line, in: "b2sums.txt") == nil)
        #expect(find("a.img", line, in: "SHA512SUMS") == (try Sample.checksum(.sha512, "a")))
    }

    @Test(
        arguments: [
            ("disk.raw.sha512", .sha256, "sha512", 128), ("SHA256SUMS", .sha512, "sha256", 64),
            ("SHA256SUMS.txt", .sha512, "sha256", 64), ("disk.raw.sha256", .sha1, "sha256", 64),
            ("SHA-1.txt", .md5, "sha1", 40), ("md5-disk.raw.sha256", .md5, "sha256", 64),
            ("CHECKSUM.SHA512-FreeBSD-14.2", .sha256, "sha512", 128),
        ] as [(String, Checksum.Algorithm, String, Int)])
    func `A name of a list that contradicts its digits is refused with both facts`(
        file: String, algorithm: Checksum.Algorithm, said: String, digits count: Int
    ) {
        for line in ["\(digits(algorithm))  a.img", digits(algorithm)] {
            let error = refusal("a.img", line, in: file)
            #expect(error?.code == .sourceUnavailable)
            #expect(
                error?.message.hasPrefix(
                    "\(file) has \(algorithm.digitCount) digits for a.img, and \(said), which its "
                        + "name says, has \(count): line 1 \"") == true,
                "\(error?.message ?? "none")")
            #expect(
                error?.hint
                    == "ask its publisher; if these digits are \(algorithm), write "
                    + "`checksum: \(algorithm):…`")
        }
        // A label in the line itself has precedence.
        let labelled = "\(algorithm.rawValue.uppercased()) (a.img) = \(digits(algorithm))"
        #expect(find("a.img", labelled, in: file)?.algorithm == algorithm)
    }

    @Test(arguments: [
        "CHECKSUM", "checksums.txt", "manifest", "SUMS", "debian-b2-CHECKSUM", "x.b3.txt",
        "Fedora-Cloud-42-1.1-x86_64-CHECKSUM", "disk-1.512.txt", "MD5-SHA1-SHA256-SHA512.txt",
        "sums-2.0",
    ])
    func `Below a neutral name, and one of several algorithms, the number of digits decides`(
        file: String
    ) {
        for algorithm in Checksum.Algorithm.allCases {
            let found = find("a.img", "\(digits(algorithm))  a.img", in: file)
            #expect(found?.algorithm == algorithm)
        }
    }

    @Test(
        arguments: [
            ("SHA3-256SUMS", .sha256, "sha3-256"), ("SHA3-512SUMS", .sha512, "sha3-512"),
            ("SHA512-256SUMS", .sha256, "sha512-256"), ("disk.raw.sha3-256", .sha256, "sha3-256"),
            ("b2sums.txt", .sha512, "blake2b"), ("disk.raw.b3", .sha256, "blake3"),
            ("sm3sums", .sha256, "sm3"), ("disk.whirlpool", .sha512, "whirlpool"),
            ("sha384.txt", .sha256, "sha384"),
        ] as [(String, Checksum.Algorithm, String)])
    func `A list that is named after an algorithm without support is refused by that name`(
        file: String, algorithm: Checksum.Algorithm, name: String
    ) {
        let error = refusal("a.img", "\(digits(algorithm))  a.img", in: file)
        #expect(error?.message == "\(file) has only \(name) for a.img")
    }

    /// Algorithms with as many digits as SHA-256 or SHA-512.
    private static let strangers = [
        "KECCAK-256", "SHAKE128", "SHAKE-256", "SKEIN-512", "SKEIN512-256", "SHA512T256",
        "SHA2-512256", "SHA3", "BLAKE2b-256", "BLAKE2s-256", "TIGER-192", "WHIRLPOOL",
        "RIPEMD-256", "SM3", "BLAKE3", "XXH128", "CRC-64", "GOST R 34.11-2012", "HAVAL256",
    ]

    @Test(arguments: strangers, [Checksum.Algorithm.sha256, .sha512])
    func `Digits of an algorithm without support are never taken by their number`(
        label: String, algorithm: Checksum.Algorithm
    ) {
        let digits = digits(algorithm)
        let plain = "\(digits)  a.img"
        let word = label.filter { !"- ".contains($0) }.lowercased()
        let lists = [
            ("SUMS", "\(label) (a.img) = \(digits)"), ("SUMS", "\(label)(a.img)= \(digits)"),
            ("SUMS", "# \(label) HASH\n\(plain)"), ("SUMS", "## \(label)\n\(plain)"),
            ("SUMS", "\(label):\n\(plain)"), ("SUMS", "[\(label)]\n\(plain)"),
            ("SUMS", "\(label): \(plain)"), ("\(label)SUMS", plain),
            ("a.img.\(word)", digits), ("a.img.\(word)", plain),
        ]
        for (file, text) in lists {
            let error = refusal("a.img", text, in: file)
            #expect(error?.message.hasPrefix("\(file) has only ") == true, "\(file): \(text)")
            #expect(error?.hint?.contains("checksum: sha") == false, "\(error?.hint ?? "none")")
        }
    }

    @Test func `A label that no one knows decides as well`() {
        let error = refusal("a.img", "FOOHASH-9 (a.img) = \(digits(.sha256))")
        #expect(error?.message == "SUMS has only foohash-9 for a.img")
        let both = "FOOHASH (a.img) = \(digits(.sha256, "b"))\nSHA256 (a.img) = \(digits(.sha256))"
        #expect(find("a.img", both) == (try? Sample.checksum(.sha256, "a")))
    }

    @Test(arguments: ["tiger-10-CHECKSUM", "blake-CHECKSUMS.txt"])
    func `A release may have the name of an algorithm`(file: String) {
        #expect(find("a.img", "\(digits(.sha256))  a.img", in: file)?.algorithm == .sha256)
    }

    @Test(arguments: ["SHA512", "## SHA512", "[sha512]", "# SHA 512 HASH"])
    func `A heading may have other forms`(heading: String) {
        let text = "WHIRLPOOL\n---\n\(digits(.sha512, "b"))  a.img\n\(heading)\n"
        #expect(
            find("a.img", text + "\(digits(.sha512))  a.img")
                == (try? Sample.checksum(.sha512, "a")))
    }

    @Test func `Two values for one name are a contradiction`() {
        let text = "\(digits(.sha512))  a.img\n\(digits(.sha512, "b"))  a.img"
        let message = refusal("a.img", text)?.message ?? ""
        #expect(message.hasPrefix("SUMS contradicts itself about a.img: line 1 \"aaaa"))
        #expect(message.contains("line 2 \"bbbb"))
    }

    @Test func `The path relative to the list decides, then the exact name`() throws {
        let folders = "\(digits(.sha512))  ./amd64/a.img\n\(digits(.sha512, "b"))  ./arm64/a.img"
        #expect(find("arm64/a.img", folders) == (try Sample.checksum(.sha512, "b")))
        #expect(refusal("a.img", folders)?.message.contains("in several folders") == true)
        let old = "\(digits(.sha512))  old/a.img\n\(digits(.sha512, "b"))  a.img"
        #expect(find("a.img", old) == (try Sample.checksum(.sha512, "b")))
        #expect(ChecksumList.path(of: "/r/arm64/a.img", inFolderOf: "/r/SUMS") == "arm64/a.img")
        #expect(ChecksumList.path(of: "/x/a.img", inFolderOf: "/r/SUMS") == "../x/a.img")
        #expect(ChecksumList.path(of: "/r/a.img", inFolderOf: "/r/s/t/SUMS") == "../../a.img")
        #expect(ChecksumList.path(of: "/x/a.img", inFolderOf: "") == "a.img")
        #expect(ChecksumList.path(of: "a.img", inFolderOf: "SUMS") == "a.img")
    }

    /// The list is in a folder below the root of its paths, as in Debian's archive.
    @Test(arguments: ["", "SHA256:\n"])
    func `The folders above the list decide between paths that end in the same name`(
        heading: String
    ) throws {
        let size = heading.isEmpty ? "" : "12 "
        let lines = ["x", "d", "y"].map { folder in
            " \(digits(.sha256, folder == "d" ? "a" : "b"))  \(size)\(folder)/a.raw"
        }
        let list = ChecksumList(
            Array((heading + lines.joined(separator: "\n")).utf8), fileName: "SUMS")
        func find(_ whole: String?) throws -> Checksum {
            try list.checksum(forPath: "a.raw", wholePath: whole, shown: "SUMS")
        }
        #expect(try find("/d/a.raw") == Sample.checksum(.sha256, "a"))
        #expect(try find("/pub/x/a.raw") == Sample.checksum(.sha256, "b"))
        let error = #expect(throws: TranshipError.self) { try find("/e/a.raw") }
        #expect(error?.message.contains("in several folders") == true)
    }

    @Test func `Folders beside the list's, and those of the publisher's machine, are found`() throws
    {
        let b = try Sample.checksum(.sha512, "b")
        let beside = "\(digits(.sha512))  ../amd64/a.img\n\(digits(.sha512, "b"))  ../arm64/a.img"
        #expect(find("../arm64/a.img", beside) == b)
        let detour = "\(digits(.sha512))  amd64/a.img\n\(digits(.sha512, "b"))  x/../arm64/a.img"
        #expect(find("arm64/a.img", detour) == b)
        let built =
            "\(digits(.sha512))  /srv/amd64/a.img\n\(digits(.sha512, "b"))  /srv/arm64/a.img"
        #expect(find("arm64/a.img", built) == b)
        #expect(find("a.img", built) == nil)
        let twice = "\(digits(.sha512))  /1/arm64/a.img\n\(digits(.sha512, "b"))  /2/arm64/a.img"
        #expect(refusal("arm64/a.img", twice)?.message.contains("in several folders") == true)
    }

    @Test(arguments: [
        "sha256:DIGITS", "SHA256: DIGITS", "sha256:DIGITS  a.img", "sha256:DIGITS *a.img",
        "SHA256(stdin)= DIGITS", "SHA2-256(stdin)= DIGITS", "(stdin)= DIGITS",
        "SHA256 (-) = DIGITS",
    ])
    func `A digest may have its algorithm before it, and no name`(form: String) throws {
        let text = form.replacing("DIGITS", with: digits(.sha256))
        #expect(find("a.img", text) == (try Sample.checksum(.sha256, "a")))
    }

    @Test func `A label with the wrong number of digits is not believed`() {
        #expect(find("a.img", "sha256:\(digits(.sha512))") == nil)
        #expect(find("a.img", "(b)= \(digits(.sha256))") == nil)
    }

    @Test func `The longest common end of the paths decides, if only one has it`() throws {
        let b = try Sample.checksum(.sha512, "b")
        let folders = "\(digits(.sha512))  ./amd64/a.img\n\(digits(.sha512, "b"))  ./arm64/a.img"
        #expect(find("/mirror/r/arm64/a.img", folders) == b)
        #expect(find("/mirror/r/riscv/a.img", folders) == nil)
        let deeper = "\(digits(.sha512))  a.img\n\(digits(.sha512, "b"))  r/arm64/a.img"
        #expect(find("/mirror/r/arm64/a.img", deeper) == b)
        #expect(find("/mirror/x/a.img", deeper) == (try Sample.checksum(.sha512, "a")))
    }

    @Test func `A label with another length says both lengths`() {
        for line in [
            "SHA512 (a.img) = \(digits(.sha256))", "sha512:\(digits(.sha256))  a.img",
        ] {
            let error = refusal("a.img", line)
            #expect(
                error?.message.hasPrefix(
                    "SUMS has 64 digits for a.img, and sha512 has 128: line 1 \"") == true,
                "\(error?.message ?? "none")")
        }
        let both = "SHA512 (a.img) = \(digits(.sha256))\nSHA256 (a.img) = \(digits(.sha256))"
        #expect(find("a.img", both) != nil)
    }

    @Test(arguments: [
        ("SHA3-512", "sha3-512"), ("SHA512-256", "sha512-256"), ("SHA512/256", "sha512-256"),
        ("SHA3-256", "sha3-256"),
    ])
    func `An algorithm that is not supported has its own name`(label: String, name: String) {
        let digits = digits(label == "SHA3-512" ? .sha512 : .sha256)
        #expect(
            refusal("a.img", "\(label) (a.img) = \(digits)")?.message
                == "SUMS has only \(name) for a.img")
        #expect(
            refusal("a.img", "\(label): \(digits)  a.img")?.message
                == "SUMS has only \(name) for a.img")
    }

    @Test(arguments: Checksum.Algorithm.allCases)
    func `A name may be before its digits`(algorithm: Checksum.Algorithm) throws {
        let expected = try Checksum(algorithm, digits(algorithm))
        for line in ["a.img: DIGITS", "a.img  DIGITS", "a.img\tDIGITS", "r/a.img : DIGITS"] {
            let text = line.replacing("DIGITS", with: digits(algorithm))
            #expect(find("a.img", text) == expected, "\(line)")
            #expect(find("b.img", text) == nil, "\(line)")
        }
    }

    @Test(arguments: ["", "  ", "  -", "\r\n"])
    func `A bare digest belongs to the file that the list is named after`(rest: String) throws {
        let text = " \(digits(.sha512))\(rest)"
        #expect(find("a.img", text, in: "a.img.sha512") == (try Sample.checksum(.sha512, "a")))
    }

    @Test func `A refusal says what the list holds and what to write`() {
        let error = refusal("a.img", "\(digits(.md5))  a-20261120.img")
        #expect(error?.message == "SUMS has no checksum for a.img; it lists only a-20261120.img")
        #expect(error?.hint?.hasSuffix("write `checksum: md5:\(digits(.md5))`") == true)
        let several = (1...7).map { "\(digits(.md5))  \($0).img" }.joined(separator: "\n")
        #expect(refusal("a.img", several)?.message.hasSuffix("5.img and 2 more") == true)
        for page in ["<!DOCTYPE html>", "\n <!-- proxy -->\n<HTML><body>"] {
            #expect(refusal("a.img", page)?.message.contains("web page") == true)
        }
    }

    @Test(arguments: ["xz", "gz", "bz2", "zst"])
    func `A compressed file is not the same file under another name`(ending: String) throws {
        let packed = refusal("a.raw", "\(digits(.sha256))  x/a.raw.\(ending)")
        #expect(
            packed?.hint == "use x/a.raw.\(ending), which the list names, with `decompress: auto`; "
                + "or name the list that holds a.raw")
        let two = refusal("a.raw", "\(digits(.md5))  b\n\(digits(.md5))  a.raw.\(ending)")
        #expect(two?.hint?.hasPrefix("use a.raw.\(ending), which") == true)
        // In this case, the list is for the decompressed file.
        let inner = refusal("a.raw.\(ending)", "\(digits(.sha256))  a.raw")
        #expect(inner?.hint?.hasPrefix("name the list that holds a.raw.\(ending)") == true)
        #expect(inner?.hint?.contains(digits(.sha256)) == false)
        let other = refusal("a.raw", "\(digits(.sha256))  b.raw.\(ending)")
        #expect(other?.hint?.hasPrefix("if that is the same file") == true)
    }

    @Test func `Byte order marks, UTF-16 and other lists of several algorithms are read`() throws {
        let expected = try Sample.checksum(.sha256, "a")
        let line = "\(digits(.sha256))  a.img\r\n"
        #expect(find("a.img", "\u{FEFF}\(line)") == expected)
        var wide: [UInt8] = [0xFF, 0xFE]
        for unit in line.utf16 { wide += [UInt8(unit & 0xFF), UInt8(unit >> 8)] }
        let list = ChecksumList(wide, fileName: "SUMS")
        #expect(try list.checksum(forPath: "a.img", shown: "SUMS") == expected)
        #expect(find("a.img", "SHA256:\n \(digits(.sha256)) 123 a.img") == expected)
        let manifest = "DIST a.img 12 BLAKE2B \(digits(.sha512)) SHA256 \(digits(.sha256))"
        #expect(find("a.img", manifest) == expected)
    }

    @Test func `In a mixed file the strongest is taken, anywhere in it`() throws {
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

    /// coreutils marks a line with an escaped name by a backslash.
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
    func `What is not a checksum is passed over`(line: String) {
        #expect(find("a.img", line) == nil)
    }

    /// Found by fuzzing: these lists took minutes when the time grew with the square of the size.
    @Test(.timeLimit(.minutes(5)))
    func `Many names and many blanks are read in the time of their size`() {
        let names = (0..<20_000).map { "\(digits(.md5))  f\($0)" }.joined(separator: "\n")
        #expect(find("a.img", names) == nil)
        let blanks = String(repeating: String(repeating: " ", count: 4000) + "\n", count: 100)
        #expect(find("a.img", blanks + "\(digits(.md5))  a.img") != nil)
    }
}
