// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import TestSupport
import Testing

@testable import SourceReaders

/// Lists that name a file on one line and have its digits on another.
@Suite struct ChecksumTitleTests {
    private static let digits = String(repeating: "a", count: 64)

    private func result(
        _ text: String, _ name: String = "s3.raw", in file: String = "SUMS"
    ) -> Result<Checksum, TranshipError> {
        let whole = text.replacing("DIGITS", with: Self.digits)
        return Result { () throws(TranshipError) in
            try ChecksumList(Array(whole.utf8), fileName: file)
                .checksum(forPath: name, shown: file)
        }
    }

    private func refusal(_ text: String, in file: String = "SUMS") -> TranshipError? {
        guard case .failure(let error) = result(text, in: file) else { return nil }
        return error
    }

    /// osism/k8s-capi-images#325: a list beside an image may be that of another one.
    @Test(arguments: [
        "other.raw:\nsha256: DIGITS\nMD5: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "other.raw:\n  DIGITS", "[other.raw]\nsha256=DIGITS", "other.raw\nDIGITS",
        "- name: other.raw\n  sha256: DIGITS\n  size: 5", "file: other.raw\nsha256: DIGITS",
        "sha256: DIGITS\nfile: /srv/other.raw", "{\n  \"name\": \"other.raw\",\nsha256: DIGITS\n}",
        "# Checksum of other.raw\nDIGITS", "## other.raw\n\nsha256: DIGITS",
        "**other.raw**\nDIGITS",
        "$ sha256sum other.raw\nDIGITS", "https://m.example/x/other.raw?a=1\nDIGITS",
        "Path : C:\\x\\other.raw\nHash : DIGITS", "other.raw.sha256:\nDIGITS",
        "Hash : DIGITS\nLength : 5\nPath : C:\\x\\other.raw",
        "Algorithm : SHA256\nPath : other.raw\n\nDIGITS",
    ])
    func `Digits below or above the name of another file are not those of this one`(list: String) {
        let error = refusal(list)
        #expect(error?.message == "SUMS has no checksum for s3.raw; it lists only other.raw")
        #expect(error?.cause is NotListed)
        // Its digits may be of any algorithm, and of several files.
        #expect(error?.hint?.contains(Self.digits) == false)
        #expect(refusal(list, in: "s3.raw.sha256") != nil)
    }

    @Test(arguments: ["file: other\nDIGITS", "filename=other\nsha256=DIGITS"])
    func `A key for a file also names one without an extension`(list: String) {
        #expect(refusal(list)?.message.hasSuffix("it lists only other") == true)
    }

    @Test(arguments: ["s3.raw.xz", "s33.raw", "xs3.raw", "s3.raw.old"])
    func `Part of a name in a title is not the name`(name: String) {
        #expect(refusal("# \(name)\nDIGITS")?.message.hasSuffix("only \(name)") == true)
    }

    @Test(arguments: [
        "- name: s3.raw\n  sha256: DIGITS\n- name: other.raw\n  sha256: DIGITS",
        "- sha256: DIGITS\n  name: other.raw\n- sha256: DIGITS\n  name: s3.raw",
    ])
    func `If several files have such lines, no digits are taken`(list: String) {
        let error = refusal(list)
        #expect(error?.message.contains("names its files on lines without digits") == true)
        #expect(error?.message.contains("name: s3.raw\"") == true)
        #expect(error?.message.contains("name: other.raw\"") == true)
        #expect(error?.cause == nil)
    }

    @Test(arguments: [
        "s3.raw:\nSHA256: DIGITS", "[s3.raw]\nsha256=DIGITS", "- name: s3.raw\n  sha256: DIGITS",
        "# SHA-256 of s3.raw\nDIGITS", "/srv/build/s3.raw:\nDIGITS", "# s3.raw.sha256\nDIGITS",
        "https://m.example/x/s3.raw?x\nDIGITS", "# SHA256 checksum\nDIGITS", "Checksum:\nDIGITS",
        "# 2026-01-01T00:00:00.000Z, build@images.example, v1.4.3\nDIGITS", "x86_64:\nDIGITS",
        "; see https://m.example.com/ or README.txt\nDIGITS", "# verify with SUMS.asc\nDIGITS",
    ])
    func `Digits below the name of this file, or of none, are its own`(list: String) throws {
        #expect(try result(list).get() == Sample.checksum(.sha256, "a"))
    }

    @Test func `A title may have blanks, brackets and an encoded name`() throws {
        for (title, name) in [("[my (2).img]", "my (2).img"), ("my%20x.img:", "my x.img")] {
            #expect(try result("\(title)\nDIGITS", name).get() == Sample.checksum(.sha256, "a"))
        }
    }

    @Test func `Beside digits with a name, other lines do not count`() throws {
        let list = "# Checksum of other.raw\nDIGITS  s3.raw\n"
        #expect(try result(list).get() == Sample.checksum(.sha256, "a"))
    }
}
