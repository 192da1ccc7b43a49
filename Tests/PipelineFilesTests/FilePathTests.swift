// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import PipelineFiles
import Testing

@Suite("FileSource.paths")
struct FileSourcePathsTests {
    /// Makes a folder with these files, passes its path to `body`, and removes it.
    private func withFolder(_ names: [String], _ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("tranship [x] \(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in names {
            let file = folder.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: name.hasSuffix("/") ? file : file.deletingLastPathComponent(),
                withIntermediateDirectories: true)
            if !name.hasSuffix("/") { try Data().write(to: file) }
        }
        try body(folder.path)
    }

    private func source(_ pattern: String) throws -> FileSource {
        try fileSource(
            PipelineTexts.with(
                source: "  - file: '\(pattern)'\n    image: { name: '{stem}', disk_format: raw }"))
    }

    private func paths(_ pattern: String, _ folder: String) throws -> [String] {
        try source(pattern).paths(baseDirectory: folder)
    }

    /// The folder's name contains brackets and must not count as a glob.
    @Test("a glob finds files, sorted, without folders and hidden files")
    func globbing() throws {
        try withFolder(["b.raw", "a.raw", ".c.raw", "d.img", "e.raw/", "sub/f.raw"]) { folder in
            let found1 = try paths("./*.raw", folder)
            #expect(found1 == ["\(folder)/a.raw", "\(folder)/b.raw"])
            let found2 = try paths("*/f.raw", folder)
            #expect(found2 == ["\(folder)/sub/f.raw"])
            let found3 = try paths("[ab].raw", folder)
            #expect(found3 == ["\(folder)/a.raw", "\(folder)/b.raw"])
        }
    }

    @Test("a file has one path, however it is spelled")
    func spellings() throws {
        try withFolder(["a.raw", "sub/b.raw", "sub/in/c.raw", "*/d.raw"]) { folder in
            let name = FileName(folder).text
            for spelling in [
                "a.raw", "./a.raw", ".//./a.raw", "sub/../a.raw", "sub/in/../../a.raw",
                "../\(name.replacingOccurrences(of: "[", with: "\\["))/a.raw", "\(folder)//a.raw",
                "\(folder)/./sub/.././a.raw", "[a].raw", "sub/../[a].raw", "./a*w",
            ] {
                #expect(try paths(spelling, folder) == ["\(folder)/a.raw"], "\(spelling)")
            }
            #expect(try paths("/../..\(folder)/a.raw", "/tmp") == ["\(folder)/a.raw"])
            // The name alone does not show the match of a wildcard, nor the destination of a link.
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/link", withDestinationPath: "sub/in")
            #expect(try paths("link/../b.raw", folder) == ["\(folder)/link/../b.raw"])
            #expect(try paths("link/c.raw", folder) == ["\(folder)/link/c.raw"])
            #expect(try paths("\\*/../a.raw", folder) == ["\(folder)/a.raw"])
            #expect(throws: TranshipError.self) { try paths("no/../a.raw", folder) }
        }
    }

    @Test(
        "an address is one text, however it is spelled",
        arguments: [
            ("HTTPS://Example.ORG/a/B.raw", "https://example.org/a/B.raw"),
            ("https://example.org:443/a", "https://example.org/a"),
            ("https://example.org:/a", "https://example.org/a"),
            ("http://example.org:80/a", "http://example.org/a"),
            ("http://example.org:443/a", "http://example.org:443/a"),
            ("https://example.org/a/./b/../c.raw?A=/../B", "https://example.org/a/c.raw?A=/../B"),
            ("https://example.org/../a/..", "https://example.org/"),
            ("https://example.org/a/.", "https://example.org/a/"),
            ("https://example.org//a/%2e%2E/b%20c", "https://example.org//a/%2e%2E/b%20c"),
            ("https://example.org", "https://example.org"),
            ("https://[FE80::1]:443/a", "https://[fe80::1]/a"),
        ])
    func addresses(_ written: String, _ one: String) throws {
        let source = try urlSource(
            PipelineTexts.with(
                source: "  - url: '\(written)'\n    image: { name: n, disk_format: raw }"))
        #expect(source.url == one)
    }

    @Test("a glob that matches nothing is not an error")
    func nothing() throws {
        try withFolder(["a.raw"]) { folder in
            let found4 = try paths("*.qcow2", folder)
            #expect(found4 == [])
        }
    }

    @Test("a name with brackets is found as it is written, and escaped")
    func brackets() throws {
        try withFolder(["a[1].raw", "a1.raw"]) { folder in
            let found5 = try paths("a[1].raw", folder)
            #expect(found5 == ["\(folder)/a[1].raw"])
            let found6 = try paths("a\\[1].raw", folder)
            #expect(found6 == ["\(folder)/a[1].raw"])
        }
    }

    @Test("a file that is named as a glob does not hide the others")
    func namedAsGlob() throws {
        try withFolder(["*.raw", "a.raw", "b?.raw"]) { folder in
            let all = try paths("*.raw", folder)
            #expect(all == ["\(folder)/*.raw", "\(folder)/a.raw", "\(folder)/b?.raw"])
            let one = try paths("b?.raw", folder)
            #expect(one == ["\(folder)/b?.raw"])
            let literal = try paths("\\*.raw", folder)
            #expect(literal == ["\(folder)/*.raw"])
        }
    }

    @Test("a path must lead to a file")
    func missing() throws {
        try withFolder(["sub/"]) { folder in
            let missing = try source("./none.raw")
            let error = #expect(throws: TranshipError.self) {
                try missing.paths(baseDirectory: folder)
            }
            #expect(error?.code == .sourceUnavailable)
            #expect(
                error.map { "\($0)" } == """
                    p.yaml:4:5: cannot read \(folder)/none.raw: no such file or directory
                    hint: check the path; a relative path starts at the folder of the pipeline file, \(folder)
                    """)
            let directory = try source("sub")
            #expect {
                try directory.paths(baseDirectory: folder)
            } throws: {
                "\($0)".hasPrefix("p.yaml:4:5: \(folder)/sub is a directory\n")
            }
        }
    }

    @Test("a glob in a missing folder is an error, not an empty selection")
    func missingFolder() throws {
        try withFolder(["a.raw"]) { folder in
            let source = try source("nowhere/*.raw")
            let error = #expect(throws: TranshipError.self) {
                try source.paths(baseDirectory: folder)
            }
            #expect(error?.code == .sourceUnavailable)
            #expect(error?.message.hasSuffix("/nowhere/*.raw: no such file or directory") == true)
        }
    }
}
