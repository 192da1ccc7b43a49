// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import TestSupport
import Testing

@testable import SourceReaders

/// The output of gpg, whose layout depends on the lengths of the name and of the digest.
@Suite(
    .timeLimit(.minutes(5)),
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/gpg"), "needs gpg"))
struct PrintedDigestsTests {
    private static let names = [
        "a", "disk.raw", "a b.raw", "x:y.raw", "x = y.raw", "my (2).raw", "deadbeef",
        "noble-server-cloudimg-amd64.img", "d/disk.raw", "ä.raw",
        "a-name-that-leaves-no-room-for-digits-noble-server-cloudimg-amd64-20241119.qcow2",
    ]

    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: folder.file("d"), withIntermediateDirectories: true)
        for name in Self.names { try folder.write(Array("data of \(name)".utf8), to: name) }
    }

    private func gpg(_ arguments: String) throws -> String {
        let bytes = try output(
            of: "LC_ALL=C.UTF-8 gpg --homedir \(folder.path) --batch --quiet \(arguments)",
            inFolder: folder.path)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func expected(_ algorithm: Checksum.Algorithm, _ name: String) throws -> Checksum {
        let line = try output(of: "\(algorithm.rawValue)sum < '\(name)'", inFolder: folder.path)
        let digits = String(decoding: line, as: UTF8.self).prefix { $0 != " " }
        return try Checksum(algorithm, String(digits))
    }

    private func find(_ name: String, _ text: String, in file: String = "SUMS") -> Checksum? {
        try? ChecksumList(Array(text.utf8), fileName: file).checksum(forPath: name, shown: file)
    }

    @Test(arguments: names, Checksum.Algorithm.allCases)
    func `A digest of gpg is read, alone and among others`(
        name: String, algorithm: Checksum.Algorithm
    ) throws {
        let expected = try expected(algorithm, name)
        let all = Self.names.map { "'\($0)'" }.joined(separator: " ")
        for options in ["", "--with-colons"] {
            let own = try gpg("\(options) --print-md \(algorithm) '\(name)'")
            let whole = try gpg("\(options) --print-md \(algorithm) \(all)")
            for text in [own, whole, whole.replacing("\n", with: "\r\n")] {
                #expect(find(name, text) == expected, "\(text.prefix(200))")
            }
            // Editors and web forms remove blanks.
            let bare = whole.split(separator: "\n").map { $0.trimmingPrefix(while: \.isWhitespace) }
            #expect(find(name, bare.joined(separator: "\n")) == expected)
        }
    }

    @Test(arguments: names)
    func `Of all digests of a file the strongest that is supported counts`(name: String) throws {
        let expected = try expected(.sha512, name)
        for options in ["", "--with-colons"] {
            #expect(find(name, try gpg("\(options) --print-mds '\(name)' disk.raw")) == expected)
        }
    }

    @Test(arguments: Checksum.Algorithm.allCases)
    func `A digest of data from a pipe belongs to the file that the list is named after`(
        algorithm: Checksum.Algorithm
    ) throws {
        let expected = try expected(algorithm, "disk.raw")
        for options in ["", "--with-colons"] {
            let text = try gpg("\(options) --print-md \(algorithm) < disk.raw")
            #expect(find("disk.raw", text, in: "disk.raw.\(algorithm)") == expected)
        }
        let all = try gpg("--print-mds < disk.raw")
        #expect(find("disk.raw", all) == (try self.expected(.sha512, "disk.raw")))
    }

    @Test func `What is cut off or unsupported is refused with its line`() throws {
        let whole = try gpg("--print-md sha512 disk.raw")
        let first = whole.split(separator: "\n")[0]
        let refused = try #require(throws: TranshipError.self) {
            try ChecksumList(Array(first.utf8), fileName: "SUMS")
                .checksum(forPath: "disk.raw", shown: "SUMS")
        }
        let digits = first.split(separator: " ").dropFirst().joined().count
        #expect(
            refused.message == "SUMS has only \(digits) digits of an unknown algorithm for disk.raw"
        )
        let labelled =
            try gpg("--print-mds disk.raw").split(separator: "\n")
            .first { $0.contains("SHA512") } ?? ""
        let short = try #require(throws: TranshipError.self) {
            try ChecksumList(Array(labelled.utf8), fileName: "SUMS")
                .checksum(forPath: "disk.raw", shown: "SUMS")
        }
        #expect(short.message.hasSuffix("and sha512 has 128: line 1 \"\(labelled)\""))
    }

    @Test func `OpenSSL's digits with colons are read`() throws {
        let line = try output(of: "openssl dgst -c -sha256 disk.raw", inFolder: folder.path)
        #expect(
            find("disk.raw", String(decoding: line, as: UTF8.self))
                == (try expected(.sha256, "disk.raw")))
    }
}

@Suite struct GroupedDigitsTests {
    private func names(_ text: String) -> [String] {
        ChecksumList(Array(text.utf8), fileName: "SUMS").names
    }

    @Test(arguments: [
        "note: de ad be ef", "note:", "note:\n\nAAAA BBBB", "Words: more words", "SHA256 = x y",
        "a: SHA256 = SHA1 = AAAA BBBB", "a: AAAA BBBBB", ": AAAA BBBB", "= AAAA BBBB",
    ])
    func `What is not a digest is passed over`(text: String) {
        let groups = Array(repeating: "AAAABBBB", count: 4).joined(separator: " ")
        #expect(names("\(text)\nb: \(groups)") == ["b"])
    }

    @Test func `A heading and the list's name say what digits without a label are`() throws {
        let groups = Array(repeating: "BBBB", count: 10).joined(separator: " ")
        func algorithm(_ text: String, _ file: String) -> String? {
            ChecksumList(Array(text.utf8), fileName: file).entries.first?.algorithm
        }
        #expect(algorithm("a: \(groups)", "SUMS") == "sha1")
        #expect(algorithm("# RMD160\na: \(groups)", "SUMS") == "rmd160")
        #expect(algorithm("RMD160:\na: \(groups)", "SUMS") == "rmd160")
        #expect(algorithm("a: \(groups)", "a.rmd160") == "rmd160")
        #expect(algorithm("RMD160: \(groups)", "SUMS") == "rmd160")
    }
}
