// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import Testing

@Suite struct SourceVersionTests {
    @Test func `An ETag, a time with a size or a hash with a size prove what is read`() throws {
        let hash = try Checksum(.md5, String(repeating: "0", count: 32))
        #expect(SourceVersion(strongETag: "\"a\"").isProof)
        #expect(SourceVersion(lastModified: "x", totalBytes: 1).isProof)
        #expect(SourceVersion(totalBytes: 1, hash: hash).isProof)
        #expect(!SourceVersion(lastModified: "x").isProof)
        #expect(!SourceVersion(totalBytes: 1).isProof)
        #expect(!SourceVersion(hash: hash).isProof)
    }

    @Test func `Bytes that came before are counted as read again`() {
        var reading = SourceReading()
        reading.add(from: 0, countBytes: 100)
        #expect(reading.readBytes == 100 && reading.againBytes == 0)
        reading.add(from: 0, countBytes: 60)
        #expect(reading.readBytes == 160 && reading.againBytes == 60)
        reading.add(from: 90, countBytes: 50)
        #expect(reading.readBytes == 210 && reading.againBytes == 70)
        reading.add(from: 140, countBytes: 10)
        #expect(reading.readBytes == 220 && reading.againBytes == 70)
        #expect(reading.furthestBytes == 150)
    }

    @Test func `No count of bytes passes what the journal takes back`() {
        var reading = SourceReading()
        for start in [0, 1 << 53, .max] as [Int64] {
            reading.add(from: start, countBytes: .max)
            reading.save(.max)
        }
        #expect(reading.readBytes == 1 << 53 && reading.savedBytes == 1 << 53)
        #expect(reading.furthestBytes == 1 << 53)
        #expect(OutsideNumber.checked(reading.againBytes) != nil)
    }

    @Test(
        arguments: [
            ("Sat, 21 Nov 2026 00:00:00 GMT", true), ("Thu, 01 Jan 1970 00:00:00 GMT", false),
            ("Tue, 01 Jan 1980 00:00:00 GMT", false), ("Thursday, 01-Jan-70 00:00:00 GMT", false),
            ("Tue Jan  1 00:00:00 1980", false), ("yesterday", false),
        ] as [(String, Bool)])
    func `A time shows new versions unless it is that of every reproducible build`(
        time: String, shows: Bool
    ) {
        #expect(SeenVersion(lastModified: time).showsNewVersions == shows)
    }
}
