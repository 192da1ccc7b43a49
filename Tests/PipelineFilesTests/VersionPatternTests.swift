// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import PipelineFiles
import Testing

@Suite struct VersionPatternTests {
    private func pattern(_ text: String) throws -> VersionPattern {
        let source = try urlSource(
            PipelineTexts.with(source: "  - url: https://a.example/b/\n    latest: \"\(text)\""))
        return try #require(source.latest)
    }

    @Test(arguments: [
        ("noble-@v.img", "noble-20241119.img", "20241119"),
        ("noble-@v.img", "noble-.img", nil),
        ("noble-@v.img", "noble-latest.img", nil),
        ("noble-@v.img", "noble-2/3.img", nil),
        ("noble-@v.img", "noble-2 3.img", nil),
        ("noble-@v.img", "noble-20241119.img.sha256", nil),
        ("noble-@v.img", "Noble-20241119.img", nil),
        ("@v/a-@v.img", "41-1.4/a-41-1.4.img", "41-1.4"),
        ("@v/a-@v.img", "41-1.4/a-41-1.5.img", nil),
        ("@v", "4081.2.0", "4081.2.0"),
        ("@v", "..", nil),
        ("@v@v", "1212", "12"),
        ("@v@v", "121", nil),
        ("a@vb", "ab", nil),
    ])
    func `A name has the version in the place of @v`(
        text: String, name: String, version: String?
    ) throws {
        let pattern = try pattern(text)
        #expect(pattern.version(in: name) == version)
        if let version { #expect(pattern.filled(with: version) == name) }
    }

    @Test func `The folder, the part with the version and the rest are apart`() throws {
        let parts = try pattern("x/y/r-@v/disk-@v.img").parts
        #expect(parts.folder == "x/y/" && parts.rest == "/disk-@v.img")
        #expect(parts.own.text == "r-@v")
    }

    @Test func `The stem of all versions is the same`() throws {
        let source = try urlSource(
            PipelineTexts.with(
                source: "  - url: https://a.example/b/\n    latest: noble-@v.qcow2.xz\n"
                    + "    decompress: auto"))
        #expect(source.stem == "noble-{version}")
        #expect(source.image.diskFormat == "qcow2")
    }

    private static func latest(_ text: String, url: String = "https://a.example/b/") -> String {
        PipelineTexts.with(source: "  - url: \(url)\n    latest: \(text)")
    }

    @Test(arguments: [
        BadFile(
            "without @v", latest("noble.img"),
            "p.yaml:5:13: `latest` is \"noble.img\", which has no @v\n"
                + "hint: put @v in place of the version: write it as noble-server-@v-amd64.img"),
        BadFile(
            "out of the folder", latest("../@v.img"),
            "p.yaml:5:13: `latest` is \"../@v.img\", but must be a path within the folder of `url`\n"
                + "hint: write it as noble-server-@v-amd64.img"),
        BadFile(
            "from the root", latest("/@v.img"),
            "p.yaml:5:13: `latest` is \"/@v.img\", but must be a path within the folder of `url`\n"
                + "hint: write it as noble-server-@v-amd64.img"),
        BadFile(
            "in no folder", latest("a-@v.img", url: "https://a.example/b.img"),
            "p.yaml:4:10: `url` has to be a folder if there is `latest`, and its path does not end "
                + "in a slash\nhint: write the folder, such as https://mirror.example/noble/"),
        BadFile(
            "with one checksum",
            latest("a-@v.img\n    checksum: md5:d41d8cd98f00b204e9800998ecf8427e"),
            "p.yaml:6:15: one `checksum` cannot be right for every version that `latest` matches\n"
                + "hint: use `checksum_file`"),
        BadFile(
            "with a downgrade and no versions",
            PipelineTexts.withURL("    allow_downgrade: true"),
            "p.yaml:5:22: `allow_downgrade` has no effect without `latest`, which finds versions\n"
                + "hint: remove it: data that comes back at one address is copied anyway"),
    ])
    func `A pattern that cannot be meant is refused`(file: BadFile) {
        #expect(refusal(file.text).map { "\($0)" } == file.message)
    }
}
