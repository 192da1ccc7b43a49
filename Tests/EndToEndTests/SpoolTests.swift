// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    @Suite struct SpoolTests {
        /// The size of the image in the test of a killed run; `make soak` uses 2048.
        private static let mebibytes =
            ProcessInfo.processInfo.environment["TRANSHIP_SPOOL_MIB"].flatMap { Int($0) } ?? 256

        @Test("after SIGKILL at 90 % of a spooled image less than 1 % of it is read again")
        func killed() async throws {
            let source = try CountingSource(mebibytes: Self.mebibytes)
            let size = source.sizeBytes
            try await scene("spoolkill") { scene in
                let file = try scene.urlPipeline(
                    source.url, checksum: source.sha256.description, "transfer: spool")
                let command = try scene.start(["run", file])
                try await waits(withinSeconds: 120, "90 % of the image") {
                    source.sentBytes >= size * 9 / 10
                }
                // Data under way arrives; the source sends no more.
                try await waits(withinSeconds: 60, "most of it in the journal") {
                    let reading = try await scene.journalled().first?["reading"]
                    guard case .integer(let read)? = reading?["read"] else { return false }
                    return read >= size * 89 / 100
                }
                command.signal(SIGKILL)
                #expect(await command.outcome().status == 128 + SIGKILL)
                #expect(try await scene.beta.images(scene.prefix).isEmpty)
                source.open()

                let run = try await scene.start(["run", file]).outcome(withinSeconds: 600)
                #expect(run.status == 0, run.said)
                let twice = source.sentBytes - size
                print("spool: \(twice) of \(size) bytes were sent twice")
                #expect(twice < size / 100, run.said)
                let copy = try await scene.beta.only(scene.prefix)
                #expect(copy.text("status") == "active")
                #expect(copy.text("os_hash_value") == source.sha512.value)
                let status = try await scene.tranship("status", "--format", "json")
                let reading = status.lines("status").first?["reading"]
                guard case .integer(let again)? = reading?["again"],
                    case .integer(let saved)? = reading?["saved"]
                else {
                    Issue.record(status.said)
                    return
                }
                #expect(again < size / 100)
                #expect(saved > size * 88 / 100)
                #expect(try await scene.tranship("status").output.contains("resuming saved"))
                #expect(scene.spooled.isEmpty)
            }
        }

        @Test("two targets get a source that is read once")
        func twoTargets() async throws {
            let source = try CountingSource(mebibytes: 8, stopsAt: nil)
            try await scene("spooltwo") { scene in
                let file = try scene.pipeline(
                    """
                    sources:
                      - url: \(source.url)
                        checksum: \(source.sha512)
                        image: { name: "\(scene.prefix)", disk_format: raw, container_format: bare }
                    targets:
                      - { cloud: beta, method: upload }
                      - { cloud: alpha, method: glance-direct }
                    spool: { path: ./spooled, max: 9MiB }
                    """)
                let plan = try await scene.tranship("plan", file, "--format", "json")
                let ways = plan.lines("plan-item").map { $0.text("transfer") }
                #expect(ways == ["spool", "spool"], plan.said)
                #expect(
                    plan.lines("plan-item").first?.text("transfer_reason")
                        == "read once for 2 targets")
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                #expect(source.sentBytes == source.sizeBytes)
                for cloud in [scene.beta, scene.alpha] {
                    let copy = try await cloud.only(scene.prefix)
                    #expect(copy.text("os_hash_value") == source.sha512.value)
                }
                #expect(scene.files(in: "spooled").isEmpty)
            }
        }

        @Test("a disk without room for the spool is told with what to do, and nothing is left")
        func fullDisk() async throws {
            let source = try CountingSource(mebibytes: 8, stopsAt: nil)
            try await scene("spoolfull") { scene in
                let file = try scene.urlPipeline(
                    source.url, checksum: source.sha256.description,
                    "transfer: spool\nlimits: { attempts: 2 }")
                // The shell allows no file larger than 4 MiB.
                let full = try await scene.tranship("run", file, shell: "ulimit -f 8192")
                #expect(full.status == 5, full.said)
                #expect(full.talk.contains("File too large"), full.said)
                #expect(full.talk.contains("hint: make room on that disk"), full.said)
                #expect(scene.spooled.isEmpty)
                #expect(try await scene.beta.images(scene.prefix).isEmpty)
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
            }
        }

        @Test("clean lists files of the spool that no image waits for, and removes them with --yes")
        func orphans() async throws {
            let source = try CountingSource(mebibytes: 1, stopsAt: nil)
            try await scene("spoolclean") { scene in
                let file = try scene.urlPipeline(
                    source.url, checksum: source.sha256.description, "transfer: spool")
                // The run is killed after it has read the data, and then the source is removed.
                let killed = try await scene.tranship(
                    "run", file, environment: ["TRANSHIP_KILL_AT_COMMIT": "after:13"])
                try #require(killed.status == 128 + SIGKILL, killed.said)
                let left = scene.spooled
                try #require(left.count == 1, killed.said)
                let folder = scene.folder.appendingPathComponent("journal.spool")
                let needed = try await scene.tranship("clean", file)
                #expect(!needed.output.contains("file "), needed.said)

                // The journal does not know this file any more.
                let run = try await scene.tranship("run", file)
                try #require(run.status == 0, run.said)
                let orphan = folder.appendingPathComponent(left[0])
                try Data(count: 5000).write(to: orphan)
                let stranger = folder.appendingPathComponent("tranship-notes.spool")
                try Data("mine".utf8).write(to: stranger)

                let listed = try await scene.tranship("clean", file)
                #expect(listed.status == 4, listed.said)
                #expect(listed.output.contains("remove   file \(orphan.path)"), listed.said)
                #expect(listed.output.contains("no image waits for it"), listed.said)
                #expect(scene.spooled.count == 2)
                let removed = try await scene.tranship("clean", file, "--yes", "--format", "json")
                #expect(removed.status == 0, removed.said)
                let line = removed.lines("leftover").first { $0.text("kind") == "spool" }
                #expect(line?.text("fate") == "removed" && line?.text("path") == orphan.path)
                #expect(scene.spooled == ["tranship-notes.spool"])
            }
        }
    }
}

/// A large file with an ETag and ranges, made while it is sent. Counts the bytes that it sends, and
/// stops at nine tenths until it is opened.
private final class CountingSource: Sendable {
    let sizeBytes: Int64
    let sha512: Checksum
    /// The promise for targets that should not fetch the data themselves: they report sha512.
    let sha256: Checksum
    private let server: RawHTTPServer
    private let state: State

    private final class State: Sendable {
        let sent = Guarded<Int64>(0)
        let isOpen: Guarded<Bool>
        init(_ isOpen: Bool) { self.isOpen = Guarded(isOpen) }
    }

    init(mebibytes: Int, stopsAt tenths: Int64? = 9) throws {
        let size = Int64(mebibytes) << 20
        let pattern = noise(1 << 20, seed: 6)
        /// Returns a mebibyte; no two are alike.
        @Sendable func mebibyte(_ number: Int64) -> [UInt8] {
            var bytes = pattern
            for index in 0..<8 { bytes[index] = UInt8(truncatingIfNeeded: number >> (index * 8)) }
            return bytes
        }
        let digests = [try StreamingDigest(.sha512), try StreamingDigest(.sha256)]
        for number in 0..<Int64(mebibytes) {
            mebibyte(number).withUnsafeBytes { bytes in
                for digest in digests { digest.update(bytes) }
            }
        }
        sha512 = try digests[0].finish()
        sha256 = try digests[1].finish()
        sizeBytes = size
        let state = State(tenths == nil)
        self.state = state
        let stop = size * (tenths ?? 10) / 10
        server = try RawHTTPServer { request in
            Reply { exchange in
                let range = request[header: "range"]?.dropFirst(6).dropLast()
                let first = range.flatMap { Int64($0) } ?? 0
                var head = [("ETag", "\"v1\""), ("Content-Length", "\(size - first)")]
                if first > 0 {
                    head.append(("Content-Range", "bytes \(first)-\(size - 1)/\(size)"))
                }
                exchange.sendHead(first > 0 ? 206 : 200, head)
                guard !request.isLook else {
                    // The plan reads only this part.
                    exchange.send(request.method == "HEAD" ? [] : mebibyte(0))
                    return exchange.close()
                }
                var position = first
                while position < size {
                    let isOpen = state.isOpen.withLock { $0 }
                    guard isOpen || position < stop else {
                        usleep(10_000)
                        // The server notices a killed client only at the next byte.
                        continue
                    }
                    let offset = Int(position % (1 << 20))
                    var part = mebibyte(position >> 20)[offset...].prefix(256 << 10)
                    if !isOpen { part = part.prefix(Int(stop - position)) }
                    guard exchange.send(Array(part)) else { return exchange.close() }
                    position += Int64(part.count)
                    state.sent.withLock { $0 += Int64(part.count) }
                }
            }
        }
    }

    var url: String { "\(server.url)/image.img" }
    var sentBytes: Int64 { state.sent.withLock { $0 } }

    func open() { state.isOpen.withLock { $0 = true } }
}
