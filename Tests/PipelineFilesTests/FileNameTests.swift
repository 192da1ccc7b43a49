// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import PipelineFiles
import Testing

@Suite("FileName")
struct FileNameTests {
    @Test(
        "a path gives stem and extension",
        arguments: [
            ("./images/a.qcow2", "a", "qcow2"), ("a.b.IMG", "a.b", "img"), ("noext", "noext", ""),
            (".hidden", ".hidden", ""), ("dir/", "", ""), ("a.", "a", ""),
            ("*.qcow2", "*", "qcow2"),
        ])
    func path(path: String, stem: String, fileExtension: String) {
        #expect(FileName(path).stem == stem)
        #expect(FileName(path).fileExtension == fileExtension)
    }

    @Test(
        "an address gives its file name, decoded, without query and fragment",
        arguments: [
            ("https://m.example/a/noble-server.img", "noble-server.img"),
            ("https://m.example/x.iso?sig=a/b.raw", "x.iso"),
            ("https://m.example/x.iso#c", "x.iso"),
            ("https://m.example/a%20b.iso", "a b.iso"),
            ("https://m.example/a%2Fb.iso", "a%2Fb.iso"),
            ("https://m.example/%ff.iso", "%ff.iso"), ("https://m.example/a%2.iso", "a%2.iso"),
            ("https://m.example/", ""), ("https://m.example", ""), ("https://m.example?x=/y", ""),
        ])
    func address(url: String, name: String) {
        #expect(FileName(url: url).text == name)
    }

    @Test(
        "an address of a script gives the file that its query names",
        arguments: [
            ("https://m.example/download?file=disk.raw", "disk.raw", false),
            ("https://m.example/get.php?a=1&file=%2Fpub%2Fdisk%201.QCOW2#x", "disk 1.QCOW2", false),
            ("https://m.example/?file=disk.img", "disk.img", false),
            ("https://m.example/download?id=17", "download", true),
            ("https://m.example/download?page=index.html", "download", true),
            ("https://m.example/download", "download", false),
            ("https://m.example/a.img?file=b.raw", "a.img", false),
        ])
    func script(url: String, name: String, isUnknown: Bool) {
        #expect(FileName(url: url).text == name)
        #expect(FileName.isUnknown(url: url) == isUnknown)
    }

    @Test(
        arguments: [
            ("https://m/download?file=a.raw&sig=x", "a.raw"),
            ("https://m/get.php?x=1&f=d/b.img", "b.img"),
            ("https://m/a.raw?file=b.raw", nil), ("https://m/download?id=7", nil),
            ("https://m/a.raw", nil),
        ] as [(String, String?)])
    func `A script's query names one of its files`(url: String, name: String?) {
        #expect(FileName.inQuery(of: url) == name)
    }
}
