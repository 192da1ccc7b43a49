// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@Suite struct PathTextTests {
    @Test(arguments: [
        ("a/b", "b", "a"), ("a/b/", "b", "a"), ("/a//b", "b", "/a"), ("/b", "b", "/"),
        ("b", "b", ""), ("//", "/", "/"), ("/", "/", "/"), ("", "", ""), ("a/", "a", ""),
    ])
    func `A path has a last component and a folder`(path: String, last: String, folder: String) {
        #expect(PathText.lastComponent(path) == last)
        #expect(PathText.folder(of: path) == folder)
    }

    /// Found by fuzzing: Foundation's functions trap on the first two.
    @Test(arguments: [
        ("//é", "é", "/"), ("a/b////😀", "😀", "a/b"),
        ("/\u{301}x/\u{301}y", "\u{301}y", "/\u{301}x"),
    ])
    func `Any characters may follow a slash`(path: String, last: String, folder: String) {
        #expect(PathText.lastComponent(path).utf8.elementsEqual(last.utf8))
        #expect(PathText.folder(of: path).utf8.elementsEqual(folder.utf8))
    }
}
