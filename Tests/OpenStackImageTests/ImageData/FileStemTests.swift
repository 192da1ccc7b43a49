// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OpenStackImage

@Suite("Names from paths")
struct FileStemTests {
    @Test(
        "a name is the text between the last slash and the last dot",
        arguments: [
            ("/a/b.c/ubuntu-24.04.img", "ubuntu-24.04"), ("disk", "disk"), (".hidden", ".hidden"),
            ("a/..", ".."), ("x.tar.gz", "x.tar"), ("https://h/disk.qcow2", "disk"), ("x.", "x"),
        ])
    func stems(_ path: String, _ stem: String) {
        #expect(FileStem.of(path) == stem)
    }

    @Test("nothing has no name")
    func nothing() {
        #expect(FileStem.of("") == nil)
        #expect(FileStem.of("/") == nil)
    }
}
