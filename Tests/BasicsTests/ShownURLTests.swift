// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@Suite struct ShownURLTests {
    @Test(arguments: [
        ("https://host/path?sig=abc#x", "https://host/path"),
        ("https://user:secret@host:1/p", "https://host:1/p"),
        ("http://host", "http://host"),
        ("http://host?token=a/b@c", "http://host"),
        ("nonsense?x", "nonsense"),
        ("https://mirror.example/a@b/c.img?x", "https://mirror.example/a@b/c.img"),
        ("https://10.0.0.1:8080/x?mail=a@b", "https://10.0.0.1:8080/x"),
        ("https://[fe80::1]:80/x", "https://[fe80::1]:80/x"),
        ("rbd://fsid/pool/image/snap", "rbd://fsid/pool/image/snap"),
        ("not a url\nerror: x", #"not a url\nerror: x"#),
        ("https://host/a\u{1B}[31m\r\nb", #"https://host/a\u{1B}[31m\r\nb"#),
        ("swift+https://tenant%3Auser:key@auth/v1/c/o", "swift+https://auth/v1/c/o"),
    ])
    func `A URL in a message has neither credentials nor a query`(url: String, shown: String) {
        #expect(shownURL(url) == shown)
    }

    @Test func `The middle of a long URL in an error is left out, and nothing else`() {
        let path = String(repeating: "abcdefghi/", count: 60)
        let words = String(repeating: "a ", count: 300)
        let error = TranshipError(
            .notFound, "GET https://mirror.example/\(path)noble.img answered 404 \(words)end")
        #expect(
            error.message.hasPrefix("GET https://mirror.example/abcdefghi/")
                && error.message.hasSuffix("/noble.img answered 404 \(words)end"))
        #expect(error.message.split(separator: " ")[1].count == 200)
        #expect(error.message.contains("…"))
        let short = "GET https://mirror.example/noble.img answered 404 \(words)end"
        #expect(TranshipError(.notFound, short).message == short)
    }

    @Test(arguments: [
        "https://user:s3cret@host/p", "https://user:a@s3cret@host/p", "https://user:a/s3cret@host/",
        "https://user:a?s3cret@host/", "https://user:a#s3cret@host/", "https://user:s3cret#@host/",
        "https://user:12/s3cret@host/", "https://user:12?s3cret@host/",
        "https://user:@s3cret/@host",
        "https://user:s3cret/a?b#c@host/x?sig=s3cret", "https://user:a@b/s3cret@host/x",
        "https://host/x?sig=s3cret", "https://host/x#s3cret", "user:s3cret@host/x",
        "swift://user:s3/cret@host/x",
    ])
    func `No password gets through, whatever is in it`(url: String) {
        #expect(!shownURL(url).contains("s3cret") && !shownURL(url).contains("cret@"))
    }
}
