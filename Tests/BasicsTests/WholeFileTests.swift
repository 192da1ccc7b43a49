// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3))) struct WholeFileTests {
    private func problem(_ path: String) -> WholeFile.Problem? {
        do throws(WholeFile.Problem) {
            _ = try WholeFile.read(path, bytesMax: 10)
            return nil
        } catch {
            return error
        }
    }

    @Test func `Only regular files are read, and nothing blocks`() throws {
        let folder = try TemporaryFolder()
        let pipe = folder.file("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(problem(pipe) == .special("a named pipe"))
        #expect(problem(folder.path) == .special("a directory"))
        #expect(problem("/dev/zero") == .special("a device"))
        #expect(problem("/dev/null")?.words == "is a device, not a regular file")
        #expect(
            problem(folder.file("none"))?.words == "cannot be read: no such file or directory")
    }

    @Test func `A file is read up to its limit`() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("text")
        try "0123456789".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try WholeFile.read(path, bytesMax: 10) == Array("0123456789".utf8))
        #expect(throws: WholeFile.Problem.larger(bytesMax: 9)) {
            try WholeFile.read(path, bytesMax: 9)
        }
    }

    @Test func `The beginning of a file is read, and of nothing else`() throws {
        let folder = try TemporaryFolder()
        let text = folder.file("text")
        try "0123456789".write(toFile: text, atomically: true, encoding: .utf8)
        #expect(try WholeFile.head(text, bytes: 3) == Array("012".utf8))
        #expect(try WholeFile.head(text, bytes: 99) == Array("0123456789".utf8))
        #expect(try WholeFile.head(folder.file("none"), bytes: 3) == nil)
        let pipe = folder.file("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        for (path, kind) in [
            (pipe, "a named pipe"), (folder.path, "a directory"), ("/dev/zero", "a device"),
        ] {
            #expect(throws: WholeFile.Problem.special(kind)) {
                try WholeFile.head(path, bytes: 3)
            }
        }
        let link = folder.file("link")
        #expect(symlink(text, link) == 0)
        #expect(try WholeFile.head(link, bytes: 3) == Array("012".utf8))
        #expect(throws: WholeFile.Problem.special("a symbolic link")) {
            try WholeFile.head(link, bytes: 3, followsLinks: false)
        }
    }

    /// A shell passes the output of a command in this way: `<(command)`.
    @Test func `A descriptor that was passed may be a pipe`() throws {
        var ends: [Int32] = [0, 0]
        let status = pipe(&ends)
        #expect(status == 0)
        defer { close(ends[0]) }
        #expect(write(ends[1], "abc", 3) == 3)
        close(ends[1])
        #expect(try WholeFile.read("/dev/fd/\(ends[0])", bytesMax: 10) == Array("abc".utf8))
    }

    @Test func `Characters that are not seen are shown`() {
        let text = "a\u{202E}b\u{2028}c\u{200B}d\u{2066}e\u{E0041}f\u{1B}\u{3164}\u{34F}é\u{FE0F}"
        let shown = text.withControlsShown
        let unseen = shown.unicodeScalars.filter(\.isUnseen)
        #expect(unseen.isEmpty)
        #expect(shown.hasPrefix(#"a\u{202E}b\u{2028}c\u{200B}d\u{2066}e\u{"#))
        #expect(
            shown.contains("E0041}f") && shown.hasSuffix(#"\u{1B}\u{3164}\u{034F}é"# + "\u{FE0F}"))
    }
}
