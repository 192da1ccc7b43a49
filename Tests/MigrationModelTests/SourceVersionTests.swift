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

    @Test(arguments: [
        "Thu, 01 Jan 1970 00:00:01 GMT", "Tue, 01 Jan 1980 00:00:00 GMT",
        "Mon, 31 Dec 1979 23:00:00 GMT", "Thursday, 01-Jan-70 00:00:00 GMT",
        "Thu Jan  1 00:00:00 1970", "Wed, 31 Dec 1969 23:59:59 GMT", "", " ", "yesterday",
    ])
    func `A time of reproducible builds says nothing`(time: String) {
        #expect(SeenVersion.time(time) == nil)
        #expect(!SeenVersion(lastModified: time).showsNewVersions)
        // nginx and Apache derive ETags from the time.
        for tag in ["\"1-249f0\"", "W/\"249f0-12ce8a63f0000\""]
        where UTCTime.unixSecondsOfHTTPDate(time) != nil {
            #expect(!SeenVersion(eTag: tag, lastModified: time).showsNewVersions)
            #expect(SeenVersion(eTag: tag, lastModified: nil).showsNewVersions)
        }
        #expect(SeenVersion(eTag: "\"v7\"", lastModified: time).showsNewVersions)
    }

    @Test(arguments: [
        "Sat, 28 Nov 2026 12:00:00 GMT", "Saturday, 28-Nov-26 12:00:00 GMT",
        "Sat Nov 28 12:00:00 2026", "Wed, 01 Jan 1997 00:00:00 GMT",
    ])
    func `Any other time of change shows new versions`(time: String) {
        #expect(SeenVersion.time(time) == time)
        #expect(SeenVersion(lastModified: time).showsNewVersions)
    }

    @Test(arguments: ["", " ", "\"\"", "W/\"\"", "W/"])
    func `An empty ETag says nothing`(tag: String) {
        #expect(SeenVersion.tag(tag, besides: nil) == nil)
        #expect(!SeenVersion(eTag: tag).showsNewVersions)
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
