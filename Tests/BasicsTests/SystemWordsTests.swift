// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import Testing

@Suite struct SystemWordsTests {
    private static func words(_ work: () throws -> Void) -> String? {
        do {
            try work()
            return nil
        } catch {
            return error.systemWords
        }
    }

    @Test func `An error of a file has the words of the C library`() {
        let list = { (path: String) in
            Self.words { _ = try FileManager.default.contentsOfDirectory(atPath: path) }
        }
        #expect(list("/no/such/folder") == "No such file or directory")
        #expect(list("/dev/null") == "Not a directory")
        let written = Self.words { try Data().write(to: URL(fileURLWithPath: "/no/such/file")) }
        #expect(written == "No such file or directory")
        #expect(Self.words { throw POSIXError(.ENOSPC) } == "No space left on device")
    }
}
