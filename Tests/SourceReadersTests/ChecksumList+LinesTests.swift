// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import TestSupport
import Testing

@testable import SourceReaders

/// Lists as tools and publishers write them, with names that need care.
@Suite(.timeLimit(.minutes(5))) struct ChecksumListLinesTests {
    private static let names = ["disk.raw", "a b.raw", "a\\b.raw", "a\nb.raw", "it's (2) ä+1.raw"]
    private static let data = Dictionary(
        uniqueKeysWithValues: names.map { ($0, Array("data of \($0)".utf8)) })

    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for (name, bytes) in Self.data { try folder.write(bytes, to: name) }
    }

    private func find(_ name: String, _ list: [UInt8]) throws -> Checksum {
        try ChecksumList(list, fileName: "CHECKSUM").checksum(forPath: name, shown: "CHECKSUM")
    }

    private func expectAll(_ list: [UInt8], _ form: String, besides left: Set<String> = []) {
        for (name, bytes) in Self.data where !left.contains(name) {
            #expect((try? find(name, list)) == sha256(bytes), "\(form): \(name)")
        }
    }

    @Test(
        arguments: [
            "sha256sum *.raw", "sha256sum -b *.raw", "sha256sum ./*.raw", "sha256sum -b ./*.raw",
            "sha256sum -z *.raw", "sha256sum -bz ./*.raw", "sha256sum --tag *.raw",
            "sha256sum --tag -z *.raw", "md5sum -z *.raw; sha256sum -z *.raw",
        ])
    func `What coreutils write is read, also with other line ends and a byte order mark`(
        command: String
    ) throws {
        let list = try output(of: command, in: folder)
        expectAll(list, command)
        expectAll([0xEF, 0xBB, 0xBF] + list, "\(command), mark")
        guard !list.contains(0) else { return }
        let text = String(decoding: list, as: UTF8.self)
        expectAll(Array(text.replacing("\n", with: "\r\n").utf8), "\(command), CRLF")
        expectAll(Array(text.replacing("\n", with: "\r").utf8), "\(command), CR")
        // Padding, as in the last block of a tape.
        expectAll(list + [0], "\(command), padding")
        expectAll(list + [UInt8](repeating: 0, count: 300), "\(command), padding")
        let units = [0xFEFF] + Array(text.utf16)
        expectAll(units.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }, "\(command), UTF-16")
    }

    /// The spellings of names in publishers' scripts.
    private enum Spelling: String, CaseIterable {
        case quoted, apostrophes, percent, percentBelowFolder, binaryQuoted

        func text(_ name: String) -> String {
            let encoded = name.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? name
            return switch self {
            case .quoted: "\"\(name)\""
            case .apostrophes: "'\(name)'"
            case .percent: encoded
            case .percentBelowFolder: "./\(encoded)"
            case .binaryQuoted: "*\"\(name)\""
            }
        }
    }

    @Test(arguments: Spelling.allCases)
    private func `Quotes and percent-encoding of a name do not count`(spelling: Spelling) {
        // A line cannot contain a line end.
        let left: Set = ["a\nb.raw"]
        let lines = Self.data.filter { !left.contains($0.key) }.sorted { $0.key < $1.key }
        for name in ["gnu", "bsd"] where name == "gnu" || spelling != .binaryQuoted {
            let list = lines.map { file, bytes in
                let digits = sha256(bytes).value
                return name == "gnu"
                    ? "\(digits)  \(spelling.text(file))\n"
                    : "SHA256 (\(spelling.text(file))) = \(digits)\n"
            }.joined()
            expectAll(Array(list.utf8), "\(spelling), \(name)", besides: left)
        }
    }

    @Test func `A name with a percent sign is first of all itself`() throws {
        let list = "\(sha256([1]).value)  a b.raw\n\(sha256([2]).value)  a%20b.raw\n"
        #expect(try find("a b.raw", Array(list.utf8)) == sha256([1]))
        #expect(try find("a%20b.raw", Array(list.utf8)) == sha256([2]))
    }

    @Test(arguments: [
        "disk.raw", "./disk.raw", "*disk.raw", "\"disk.raw\"", "*./disk.raw",
    ])
    func `A second line with other digits is refused, however it spells the name`(
        second: String
    ) {
        let list = "\(sha256([1]).value)  disk.raw\n\(sha256([2]).value)  \(second)\n"
        let error = #expect(throws: TranshipError.self) {
            _ = try find("disk.raw", Array(list.utf8))
        }
        #expect(error?.message.hasPrefix("CHECKSUM contradicts itself about disk.raw") == true)
    }
}
