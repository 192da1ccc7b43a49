// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Foundation
import TestSupport
import Testing

@testable import SourceReaders

/// Lists in the format of PowerShell's `Get-FileHash`.
@Suite struct FileHashRecordTests {
    private static let folder = "C:\\images (2026)\\"
    private let algorithms: [Checksum.Algorithm] = [.md5, .sha1, .sha256, .sha512]

    private func hex(_ algorithm: Checksum.Algorithm, _ name: String) throws -> String {
        try digest(algorithm, of: Array(name.utf8)).value.uppercased()
    }

    private func find(_ name: String, _ list: [UInt8]) throws -> Checksum {
        try ChecksumList(list, fileName: "hashes.txt").checksum(forPath: name, shown: "hashes.txt")
    }

    /// Returns the text in the encoding of PowerShell's `>`, and in those of other tools.
    private func encodings(_ text: String) -> [[UInt8]] {
        let lines = text.replacing("\n", with: "\r\n")
        let units = [0xFEFF] + Array(lines.utf16)
        return [
            Array(text.utf8), Array(lines.utf8), [0xEF, 0xBB, 0xBF] + Array(lines.utf8),
            units.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] },
        ]
    }

    /// - Parameter width: the width of the window, in characters.
    private func record(
        _ algorithm: Checksum.Algorithm, _ name: String, width: Int = .max
    ) throws -> String {
        let fields = [
            ("Algorithm", algorithm.rawValue.uppercased()), ("Hash", try hex(algorithm, name)),
            ("Path", Self.folder + name),
        ]
        return fields.map { key, value in
            let start = key.padding(toLength: 10, withPad: " ", startingAt: 0) + ": "
            let room = width - start.count
            var lines: [Substring] = []
            var rest = value[...]
            while rest.count > room {
                lines.append(rest.prefix(room))
                rest = rest.dropFirst(room)
            }
            lines.append(rest)
            let blanks = String(repeating: " ", count: start.count)
            return start + lines.joined(separator: "\n" + blanks)
        }.joined(separator: "\n")
    }

    private func table(_ rows: [(String, String, String)]) -> String {
        let lines = [("Algorithm", "Hash", "Path"), ("---------", "----", "----")] + rows
        return "\n"
            + lines.map { line in
                line.0.padding(toLength: 16, withPad: " ", startingAt: 0)
                    + line.1.padding(toLength: 71, withPad: " ", startingAt: 0) + line.2
            }.joined(separator: "\n") + "\n\n"
    }

    @Test(arguments: [Int.max, 120, 50])
    func `Records are read, also of a narrow window`(width: Int) throws {
        for algorithm in algorithms {
            let names = [
                "disk.raw", "a-\(String(repeating: "long-", count: 20))name.raw", "a b.raw",
            ]
            let records = try names.map { try record(algorithm, $0, width: width) }
            for separator in ["\n\n", "\n"] {
                for list in encodings("\n\n" + records.joined(separator: separator) + "\n\n") {
                    for name in names {
                        let expected = try digest(algorithm, of: Array(name.utf8))
                        #expect(try find(name, list) == expected, "\(algorithm) \(name) \(width)")
                    }
                }
            }
        }
    }

    @Test func `A table is read`() throws {
        for algorithm in algorithms.dropLast() {
            let rows = try ["disk.raw", "a b.raw"].map {
                (algorithm.rawValue.uppercased(), try hex(algorithm, $0), Self.folder + $0)
            }
            for list in encodings(table(rows)) {
                #expect(try find("disk.raw", list) == digest(algorithm, of: Array("disk.raw".utf8)))
                #expect(try find("a b.raw", list) == digest(algorithm, of: Array("a b.raw".utf8)))
                #expect(ChecksumList(list, fileName: "hashes.txt").entries.count == rows.count)
            }
        }
    }

    @Test(arguments: ["...", "…"])
    func `Digits that the table has cut are refused with their line`(mark: String) throws {
        let whole = try hex(.sha512, "disk.raw")
        let cut = whole.prefix(70 - mark.count)
        let list = table([("SHA512", cut + mark, Self.folder + "disk.raw")])
        let refused = #expect(throws: TranshipError.self) {
            try find("disk.raw", Array(list.utf8))
        }
        #expect(
            refused?.message.contains("has \(cut.count) digits for disk.raw, and sha512 has 128")
                == true, "\(refused as Any)")
    }

    @Test func `What PowerShell knows and this list does not is refused by name`() throws {
        let hex = String(repeating: "AB", count: 48)
        for list in [
            "Algorithm : SHA384\nHash : \(hex)\nPath : C:\\disk.raw",
            "SHA384  \(hex)  C:\\disk.raw",
        ] {
            let refused = #expect(throws: TranshipError.self) {
                try find("disk.raw", Array(list.utf8))
            }
            #expect(refused?.message.contains("has only sha384 for disk.raw") == true)
        }
    }

    @Test func `A digest without a path is that of the only file`() throws {
        let digits = try hex(.sha256, "disk.raw")
        let expected = try digest(.sha256, of: Array("disk.raw".utf8))
        for list in [
            "Hash : \(digits)", "Algorithm : SHA256\nHash : \(digits)\nPath :",
            table([("SHA256", digits, "")]),
        ] {
            #expect(try find("disk.raw", Array(list.utf8)) == expected, "\(list)")
        }
    }

    @Test(arguments: [
        "Algorithm : SHA256", "Hash: none", "Path : x", "Algorithm: see below", "Hash",
    ])
    func `What is not such a record hides no other line`(line: String) throws {
        let digits = try hex(.sha256, "b")
        #expect(
            ChecksumList(Array("\(line)\n\(digits)  b\n".utf8), fileName: "SUMS").names == ["b"])
    }

    /// Windows has such paths in every form of a list.
    @Test(arguments: ["C:\\x\\disk.raw", "\\\\host\\x\\disk.raw", ".\\disk.raw"])
    func `Paths of Windows are paths`(path: String) throws {
        let digits = try hex(.sha256, "disk.raw")
        let expected = try digest(.sha256, of: Array("disk.raw".utf8))
        let escaped = path.replacing("\\", with: "\\\\")
        for list in [
            "\(digits)  \(path)", "\\\(digits) *\(escaped)", "SHA256 (\(path)) = \(digits)",
            "\(digits)  other.raw\n\(digits)  \(path)",
        ] {
            #expect(try find("disk.raw", Array(list.utf8)) == expected, "\(list)")
        }
    }
}
