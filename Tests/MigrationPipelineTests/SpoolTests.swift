// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Foundation
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import MigrationPipeline

/// Several transfers with one spool.
@Suite(.timeLimit(.minutes(5))) struct SpoolTests {
    private let fixture: Fixture
    private var world: FakeWorld { fixture.world }
    private var folder: String { fixture.folder.file("spool") }

    init() throws { fixture = try Fixture() }

    /// Returns items for an image to each of these targets, by way of the spool.
    private func items(
        _ id: String, count: Int = 300_000, to targets: [String] = ["beta"], spools: Bool = true
    ) -> [PlanItem] {
        targets.map { target in
            var item = fixture.item(id, count: count)
            item.intent.targetKey = target
            item.action = .create
            var start = Transfer.fresh(item.intent, promised: item.promise)
            start.intent.spools = spools
            item.start = start
            return item
        }
    }

    private func run(
        _ items: [PlanItem], maxBytes: Int64? = nil, disk: SpoolDisk = .real, attempts: Int = 3,
        isFlaky: Bool = false, events: @escaping @Sendable (RunEvent) -> Void = { _ in }
    ) async throws -> [Transfer] {
        let journal = try await Journal.open(path: fixture.path)
        let run = try await journal.takeOver(items)
        let spool = try await Spool.open(
            Spool.Place(folder: folder, maxBytes: maxBytes), takesFlakySources: isFlaky,
            journal: journal, run: run, disk: disk)
        try await fixture.scheduler(
            journal, attempts: attempts, spool: spool, events: events
        ).work(run)
        return try await journal.transfers(run: run, in: TransferState.allCases, limit: 100)
    }

    @Test func `A folder that others may change is refused`() async throws {
        let journal = try await Journal.open(path: fixture.path)
        let run = try await journal.takeOver(items("a"))
        func error(_ folder: String) async -> TranshipError? {
            await #expect(throws: TranshipError.self) {
                _ = try await Spool.open(
                    Spool.Place(folder: folder), journal: journal, run: run)
            }
        }
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        _ = try await Spool.open(Spool.Place(folder: folder), journal: journal, run: run)
        let link = fixture.folder.file("link")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder)
        for place in [link, link + "/"] {
            #expect(await error(place)?.message.contains("is a symbolic link") == true)
        }
        #expect(chmod(folder, 0o777) == 0)
        let open = await error(folder)
        #expect(open?.code == .targetFailed)
        #expect(open?.message.contains("by other users (mode 777)") == true)
        guard geteuid() == 0 else { return }
        #expect(chmod(folder, 0o700) == 0 && chown(folder, 12_345, 0) == 0)
        #expect(await error(folder)?.message.contains("another user (uid 12345") == true)
    }

    private var left: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    }

    private func read(_ id: String) -> Int {
        world.state.withLock { $0.readBytes["image:\(id)"] ?? 0 }
    }

    @Test func `A source is read once for several targets, and nothing is left`() async throws {
        let ends = try await run(items("a", to: ["beta", "gamma", "delta"]))
        #expect(ends.map(\.state) == [.done, .done, .done])
        #expect(read("a") == 300_000)
        #expect(world.bodies("image:a").count == 3)
        #expect(world.bodies("image:a").allSatisfy { $0.isWhole && $0.bytes.count == 300_000 })
        #expect(left.isEmpty)
        #expect(ends.compactMap(\.reading?.readBytes).reduce(0, +) == 300_000)
    }

    @Test func `A target that breaks does not cost another reading`() async throws {
        world.fail(
            .send, "image:a", with: TranshipError(.connectionLost, "reset", isTransient: true),
            TranshipError(.serviceFailed, "500", isTransient: true))
        let ends = try await run(items("a"))
        #expect(ends.map(\.state) == [.done])
        #expect(read("a") == 300_000)
        #expect(left.isEmpty)
    }

    @Test func `The spool never holds more than it may`() async throws {
        let most = Guarded<Int64>(0)
        let folder = folder
        let ends = try await run(
            (1...6).flatMap { items("\($0)", count: 400_000, to: ["beta", "gamma"]) },
            maxBytes: 1_000_000
        ) { _ in
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            let total = names.reduce(Int64(0)) { sum, name in
                var status = stat()
                return stat("\(folder)/\(name)", &status) == 0 ? sum + Int64(status.st_size) : sum
            }
            most.withLock { $0 = max($0, total) }
        }
        #expect(ends.map(\.state) == Array(repeating: .done, count: 12))
        #expect((1...6).allSatisfy { read("\($0)") == 400_000 })
        #expect(most.withLock { $0 } > 0 && most.withLock { $0 } <= 1_000_000)
        #expect(left.isEmpty)
    }

    @Test func `Sources of unknown size share a small spool without blocking each other`()
        async throws
    {
        world.state.withLock { $0.declaresSize = false }
        var all = (1...4).flatMap { items("\($0)", count: 400_000) }
        for index in all.indices {
            all[index].intent.source.sizeBytes = nil
            all[index].start?.intent.source.sizeBytes = nil
        }
        let ends = try await run(all, maxBytes: 100 << 20)
        #expect(ends.map(\.state) == Array(repeating: .done, count: 4))
        #expect(left.isEmpty)
    }

    /// Returns a disk for this spool with the given room.
    private func small(
        bytes most: Int, before: @escaping @Sendable (Int32, Int64) -> Void = { _, _ in }
    ) -> SpoolDisk {
        let folder = folder
        return SpoolDisk { descriptor, bytes, count, offset in
            before(descriptor, offset)
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            let taken = names.reduce(0) { sum, name in
                var status = stat()
                return stat("\(folder)/\(name)", &status) == 0 ? sum + Int(status.st_size) : sum
            }
            guard taken + count <= most else {
                errno = ENOSPC
                return -1
            }
            return pwrite(descriptor, bytes, count, off_t(offset))
        }
    }

    @Test func `Two that fill the disk together do not wait for each other's room for ever`()
        async throws
    {
        let reached = Guarded<Set<Int32>>([])
        // Neither reader continues after 700,000 bytes before both have reached them.
        let disk = small(bytes: 1_500_000) { descriptor, offset in
            guard offset >= 700_000 else { return }
            let end = ContinuousClock.now + .seconds(20)
            while ContinuousClock.now < end {
                let both = reached.withLock { reached in
                    reached.insert(descriptor)
                    return reached.count > 1
                }
                if both { return }
                usleep(500)
            }
        }
        let ends = try await run(
            items("a", count: 1_000_000) + items("b", count: 1_000_000), disk: disk)
        #expect(ends.map(\.state) == [.done, .done])
        #expect(ends.allSatisfy { $0.tries.attempts == 0 })
        // One of the two sources was read again from its first byte.
        #expect(read("a") + read("b") > 2_600_000)
        #expect(left.isEmpty)
    }

    /// Each file is larger than the disk, or than the room that another program leaves.
    @Test(.timeLimit(.minutes(1)), arguments: [["beta"], ["beta", "gamma"]])
    func `Files that find no room end, one after the other`(targets: [String]) async throws {
        let notes = Guarded<[String]>([])
        let ends = try await run(
            ["a", "b", "c"].flatMap { items($0, count: 2_000_000, to: targets) },
            disk: small(bytes: 1_500_000)
        ) { event in
            guard case .note(_, let notice) = event else { return }
            notes.withLock { $0.append(notice.words) }
        }
        #expect(ends.count == 3 * targets.count)
        for end in ends {
            #expect(end.state == .failed && end.failure?.code == .targetFailed)
            #expect(end.tries.attempts == 3)
        }
        #expect(notes.withLock { $0.count { $0.contains("wait until others are sent") } } <= 1)
        #expect(left.isEmpty)
    }

    @Test(.timeLimit(.minutes(1)))
    func `A file gets the room that one which never fits gives back`() async throws {
        let ends = try await run(
            items("a", count: 2_000_000, to: ["beta", "gamma"])
                + items("b", count: 1_000_000, to: ["beta", "gamma"]),
            disk: small(bytes: 1_500_000))
        #expect(ends.map(\.state) == [.failed, .failed, .done, .done])
        #expect(left.isEmpty)
    }

    @Test(.timeLimit(.minutes(1)), arguments: [nil, 1_500_000] as [Int64?])
    func `What waits for a full target gives its room to others`(maxBytes: Int64?) async throws {
        world.fail(
            .send, "image:a",
            with: TranshipError(.quotaExceeded, "the quota is full", cause: FullTarget()))
        let ends = try await run(
            items("a", count: 1_000_000, to: ["beta"]) + items("b", count: 1_000_000, to: ["beta"])
                + items("c", count: 1_000_000, to: ["gamma"]),
            maxBytes: maxBytes, disk: small(bytes: 1_500_000))
        #expect(ends.map(\.state)[0] == .failed && ends.map(\.state)[2] == .done)
        // The copy may have been sent before the target was full.
        #expect(ends[1].state == .done || !ends[1].state.isFinal)
    }

    @Test func `Files that fill a disk together, none of them whole, get through one by one`()
        async throws
    {
        let ends = try await run(
            (1...4).flatMap { items("\($0)", count: 1_000_000) }, disk: small(bytes: 1_500_000))
        #expect(ends.map(\.state) == Array(repeating: .done, count: 4))
        #expect(ends.allSatisfy { $0.tries.attempts == 0 })
        #expect(left.isEmpty)
    }

    @Test func `A full disk pauses what needs room until others are sent`() async throws {
        let disk = small(bytes: 1_500_000)
        let notes = Guarded<[String]>([])
        world.hold(.send)
        let world = world
        let opening = Task {
            // The first file waits for its target; the other one needs its room.
            _ = await eventually { notes.withLock { !$0.isEmpty } }
            world.open(.send)
        }
        let ends = try await run(
            items("a", count: 1_000_000) + items("b", count: 1_000_000), disk: disk
        ) { event in
            guard case .note(_, let notice) = event else { return }
            notes.withLock { $0.append(notice.words) }
        }
        await opening.value
        #expect(ends.map(\.state) == [.done, .done])
        #expect(ends.allSatisfy { $0.tries.attempts == 0 })
        #expect(notes.withLock { $0.count { $0.contains("wait until others are sent") } } == 1)
        #expect(left.isEmpty)
    }

    @Test func `What was spooled for a transfer that failed is removed`() async throws {
        world.fail(.send, "image:a", with: TranshipError(.forbidden, "no"))
        let ends = try await run(items("a"))
        #expect(ends.map(\.state) == [.failed])
        #expect(left.isEmpty)
    }

    @Test func `Spooled data that is damaged on the disk is read again and never sent whole`()
        async throws
    {
        let folder = folder
        world.hold(.register)
        let world = world
        let damaging = Task {
            _ = await eventually { world.isWaiting(.register) }
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            let handle = FileHandle(forUpdatingAtPath: "\(folder)/\(names.first ?? "")")
            try? handle?.seek(toOffset: 3_000_000)
            try? handle?.write(contentsOf: [UInt8](repeating: 0, count: 100))
            world.open(.register)
        }
        // The file is larger than the ring, so the damage is not in memory yet. It costs no try,
        // and there is only one.
        let ends = try await run(items("a", count: 4_000_000), attempts: 1)
        await damaging.value
        #expect(ends.map(\.state) == [.done])
        #expect(read("a") == 8_000_000)
        #expect(world.bodies("image:a").map(\.isWhole) == [false, true])
        #expect(left.isEmpty)
    }

    @Test func `A source that breaks twice and cannot go on is spooled from then on`()
        async throws
    {
        let ends = try await run(items("a", spools: false), attempts: 5, isFlaky: true)
        #expect(ends.map(\.intent.spools) == [false])
        world.state.withLock { $0.readBytes = [:] }
        var flaky = items("b", spools: false)
        var reading = SourceReading()
        reading.restarts = 2
        flaky[0].start?.reading = reading
        world.fail(
            .read, "image:b", with: TranshipError(.connectionLost, "reset", isTransient: true))
        let other = try await run(flaky, isFlaky: true).filter { $0.source.key == "image:b" }
        #expect(other.map(\.state) == [.done])
        #expect(other.map(\.intent.spools) == [true])
        #expect(other.map(\.intent.wayReason) == [PlanReason.sourceBreaks])
        #expect(left.isEmpty)
    }

    // MARK: Orphans

    @Test func `Only files of this journal's spool without a waiting transfer are orphans`()
        async throws
    {
        let journal = try await Journal.open(path: fixture.path)
        let run = try await journal.takeOver(items("a"))
        let place = Spool.Place(folder: folder)
        let spool = try await Spool.open(place, journal: journal, run: run)
        let transfer = try await journal.unfinished(run: run, limit: 1)[0]
        guard case .fill(let entry) = try await spool.claim(transfer) else {
            Issue.record("there is room")
            return
        }
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        let ours = (entry.path as NSString).lastPathComponent
        let orphan = String(ours.dropLast(46)) + String(repeating: "0", count: 40) + ".spool"
        let others = [
            "notes.txt", ours + ".bak", "x" + ours, "tranship-000000000000-" + orphan.suffix(46),
            String(orphan.dropLast(7)) + "g.spool",
        ]
        for name in [ours, orphan] + others {
            try Data([1]).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        }
        let link = "\(folder)/\(orphan.dropLast(8))11.spool"
        try? FileManager.default.createSymbolicLink(
            atPath: link, withDestinationPath: "\(folder)/notes.txt")
        let found = try await Spool.orphans(in: place, journal: journal, run: run)
        #expect(found.map(\.path) == ["\(folder)/\(orphan)"])
        // A later run opens the spool.
        _ = try await Spool.open(place, journal: journal, run: run)
        #expect(!left.contains(orphan))
        #expect(Set(left).isSuperset(of: others + [ours]))
        // No transfer waits for the file any more.
        try await journal.commit(transfer.moved(to: .failed))
        _ = try await Spool.open(place, journal: journal, run: run)
        #expect(!left.contains(ours))
        #expect(Set(left).isSuperset(of: others))
        #expect(try await journal.spoolEntries(run: run).isEmpty)
    }

    @Test func `Images of sizes that no disk has wait for room and end nothing`() async throws {
        let journal = try await Journal.open(path: fixture.path)
        var all = (1...3).flatMap { items("\($0)") }
        for index in all.indices {
            all[index].intent.source.sizeBytes = .max - 1
            all[index].start?.intent.source.sizeBytes = .max - 1
        }
        let run = try await journal.takeOver([])
        let spool = try await Spool.open(
            Spool.Place(folder: folder, maxBytes: .max - 1), journal: journal, run: run)
        var claims: [String] = []
        for (index, item) in all.enumerated() {
            var transfer = try #require(item.start)
            transfer.id = Int64(index + 1)
            switch try await spool.claim(transfer) {
            case .fill(var entry):
                claims.append("fill")
                entry.reservedBytes = 1
                try? spool.reserve(&entry, .max - 2, transfer)
            case .wait: claims.append("wait")
            case .complete: claims.append("complete")
            }
        }
        #expect(claims == ["fill", "wait", "wait"])
    }

    @Test func `A source of unknown size that goes on and on stops at the spool's limit`()
        async throws
    {
        world.state.withLock { $0.declaresSize = false }
        let written = Guarded<Int64>(0)
        let disk = SpoolDisk { descriptor, bytes, count, offset in
            written.withLock { $0 = max($0, offset + Int64(count)) }
            return pwrite(descriptor, bytes, count, off_t(offset))
        }
        var all = items("a", count: 5_000_000)
        all[0].intent.source.sizeBytes = nil
        all[0].start?.intent.source.sizeBytes = nil
        all[0].start?.proof.sizeBytes = nil
        let ends = try await run(all, maxBytes: 1_000_000, disk: disk)
        #expect(ends.map(\.failure?.code) == [.targetFailed])
        #expect(written.withLock { $0 } <= 1_000_000)
    }

    /// A journal from elsewhere may name any file.
    @Test(arguments: [true, false])
    func `The path in a row of the spool is never opened, emptied or removed`(
        isNeeded: Bool
    ) async throws {
        let journal = try await Journal.open(path: fixture.path)
        let run = try await journal.takeOver(items("a"))
        let transfer = try await journal.unfinished(run: run, limit: 1)[0]
        let place = Spool.Place(folder: folder)
        guard
            case .fill(let ours) = try await Spool.open(place, journal: journal, run: run)
                .claim(transfer)
        else { throw NoClaim() }
        // Not even a file with a name that this spool could give.
        let name = (ours.path as NSString).lastPathComponent
        let precious = fixture.folder.file("precious-\(isNeeded)/\(name)")
        try FileManager.default.createDirectory(
            atPath: (precious as NSString).deletingLastPathComponent,
            withIntermediateDirectories: true)
        let bytes = world.state.withLock { $0.sources[transfer.source.key] } ?? []
        try Data(bytes).write(to: URL(fileURLWithPath: precious))
        var row = SpoolEntry(
            sourceKey: ours.sourceKey,
            fingerprint: isNeeded ? ours.fingerprint : "of another version", path: precious,
            reservedBytes: 300_000)
        row.offsetBytes = 100
        row.digest = sha256(Array(bytes.prefix(100)))
        row.version = SourceVersion(strongETag: "\"x\"", totalBytes: 300_000)
        try await journal.keep(row)
        let spool = try await Spool.open(place, journal: journal, run: run)
        guard case .fill(let claimed) = try await spool.claim(transfer) else { throw NoClaim() }
        #expect(claimed.path == ours.path)
        try await spool.leave(claimed)
        try await fixture.scheduler(journal, attempts: 3, spool: spool, events: { _ in }).work(run)
        let ended = try await journal.transfers(run: run, in: [.done], limit: 10)
        #expect(ended.count == 1)
        #expect([UInt8](try Data(contentsOf: URL(fileURLWithPath: precious))) == bytes)
    }

    private struct NoClaim: Error {}
}
