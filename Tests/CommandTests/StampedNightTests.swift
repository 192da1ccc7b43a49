// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import TestSupport
import Testing

/// The output about nights in which only the time of the source's answer is new.
@Suite(.timeLimit(.minutes(5)))
struct StampedNightTests {
    private let web: RawHTTPServer
    private let desk: Desk

    init() throws {
        let clock = Guarded(10)
        web = try RawHTTPServer { _ in
            let second = clock.withLock { clock in
                clock += 1
                return clock
            }
            let time = "Tue, 10 Nov 2026 10:00:\(second) GMT"
            return .status(
                200, headers: [("Last-Modified", time), ("Date", time)], body: FaultyWeb.noise)
        }
        desk = try Desk()
    }

    @Test(arguments: ["hide", "rename"])
    func `A night with nothing new says so, and warns of nothing`(previous: String) async throws {
        defer { desk.remove() }
        try desk.write(
            "night.yaml",
            """
            version: 1
            name: night
            sources: [{ url: '\(web.url)/a.img', image: { name: a, disk_format: raw } }]
            targets: [{ cloud: beta, method: upload, previous: \(previous) }]
            """)
        let first = try await desk.run("tranship run night.yaml")
        #expect(first.status == 0 && first.talk.contains("1 done"), "\(first.said)")
        let second = try await desk.run("tranship run night.yaml")
        #expect(second.status == 0, "\(second.said)")
        #expect(second.talk.contains("skipped: the source shows a new version"), "\(second.said)")
        #expect(second.talk.contains("nothing to do: the image is there"), "\(second.said)")
        let why = try await desk.run("tranship status -v").output
        for words in ["stays active", "waits", "no image is selected"] {
            #expect(!second.said.contains(words), "\(second.said) \(why)")
        }
        let check = try await desk.run("tranship check night.yaml -f value -c verdict")
        #expect(check.status == 0 && check.output == "same\n", "\(check.said)")
    }
}
