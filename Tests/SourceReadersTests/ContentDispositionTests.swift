// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SourceReaders

@Suite struct ContentDispositionTests {
    @Test(arguments: [
        ("attachment; filename=\"disk.raw\"", "disk.raw"),
        ("attachment;filename=disk.raw", "disk.raw"),
        ("ATTACHMENT; FileName = \"a; b.qcow2\"; size=3", "a; b.qcow2"),
        ("attachment; filename=\"a\\\"b.img\"", "a\"b.img"),
        ("attachment; filename=\"x\"; filename*=UTF-8''gr%C3%B6%C3%9Fe.img", "größe.img"),
        ("attachment; filename=\"../../etc/passwd\"", "passwd"),
        ("attachment; filename=\"C:\\\\images\\\\disk.vhd\"", "disk.vhd"),
        ("attachment; filename=\"a\u{7}b.raw\"", "ab.raw"),
    ])
    func `The name of a file is read as RFC 6266 writes it`(value: String, name: String) {
        #expect(ContentDisposition.fileName(value) == name)
    }

    @Test(arguments: [
        "", "inline", "attachment; filename=", "attachment; filename=\"..\"", "; ; =;", "\"",
        "attachment; filename=\"a/\\", "attachment; filename*=UTF-8''%FF",
    ])
    func `A value without a name has none`(value: String) {
        let name = ContentDisposition.fileName(value)
        #expect(name == nil || name == "a")
    }
}
