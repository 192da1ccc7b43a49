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

/// The files in the spool after faults, and their treatment.
@Suite(.timeLimit(.minutes(5))) struct SpoolStepTests {
    /// A journal with one transfer of this data, together with the step.
    final class Bench: Sendable {
        let fixture: Fixture
        let journal: Journal
        let run: Run
        let spool: Spool
        let notes = Guarded<[String]>([])
        let answers = Guarded<[TranshipError.Side]>([])
        private let transfer: Guarded<Transfer>

        static let key = "image:a"

        init(
            _ bytes: [UInt8], promised: [UInt8]? = nil, maxBytes: Int64? = nil,
            disk: SpoolDisk = .real, isContinuable: Bool = true, published: PublishedData? = nil
        ) async throws {
            fixture = try Fixture()
            var source = Sample.source(
                "a", sizeBytes: Int64(bytes.count), checksums: [sha256(promised ?? bytes)])
            if let published {
                source.published = published
                (source.sizeBytes, source.checksums) = (nil, [])
            }
            fixture.world.state.withLock { state in
                state.sources[Self.key] = bytes
                if isContinuable {
                    state.versions[Self.key] = SourceVersion(
                        strongETag: "\"a\"", totalBytes: Int64(bytes.count))
                }
            }
            journal = try await Journal.open(path: fixture.path)
            var item = Sample.item("a", source: source)
            item.action = .create
            var start = Sample.transfer("a", source: source)
            start.intent.record.diskFormat =
                published?.conversion?.format.rawValue ?? start.record.diskFormat
            start.intent.spools = true
            item.start = start
            run = try await journal.takeOver([item])
            spool = try await Spool.open(
                Spool.Place(folder: fixture.folder.file("spool"), maxBytes: maxBytes),
                takesFlakySources: false, journal: journal, run: run, disk: disk)
            transfer = Guarded(try await journal.unfinished(run: run, limit: 1)[0])
        }

        var world: FakeWorld { fixture.world }
        var now: Transfer { transfer.withLock { $0 } }
        var readBytes: Int { world.state.withLock { $0.readBytes[Self.key] ?? 0 } }

        func breaks(_ afterBytes: Int?) {
            let error = TranshipError(.connectionLost, "reset", isTransient: true)
            world.state.withLock { $0.breaks[Self.key] = afterBytes.map { ($0, error) } }
        }

        /// Makes one try, from the state in the journal.
        func step() async throws(TranshipError) -> SpoolStep.Ending {
            let step = SpoolStep(
                ends: try world.stages().ends(of: now), queues: StageQueues(), limiter: nil,
                monitor: RunMonitor(
                    sink: { [weak self] event in
                        guard case .note(_, let notice) = event else { return }
                        self?.notes.withLock { $0.append(notice.words) }
                    }), spool: spool)
            let trip = Trip(now) { [self] given throws(TranshipError) in
                try await journal.commit(given)
                transfer.withLock { $0 = given }
            } answered: { [self] side throws(TranshipError) in
                answers.withLock { $0.append(side) }
            }
            return try await step.run(now, trip)
        }

        /// Makes a try that ends well, and returns its file.
        func ready() async throws -> (Transfer, SpoolEntry) {
            guard case .ready(let transfer, let entry, _) = try await step() else {
                throw Missing()
            }
            return (transfer, entry)
        }

        /// Returns the only file in the spool.
        func file() throws -> String {
            let names = try FileManager.default.contentsOfDirectory(atPath: spool.place.folder)
            return "\(spool.place.folder)/\(try #require(names.first))"
        }

        func entry() async throws -> SpoolEntry? {
            try await journal.spoolEntries(run: run).first?.entry
        }
    }

    private struct Missing: Error {}

    private let data = noise(3_000_000, seed: 8)

    /// Only the size in the plan is known, and the source sends data without an end.
    @Test func `A source that is longer than declared does not fill the disk`() async throws {
        let written = Guarded<Int64>(0)
        let disk = SpoolDisk { descriptor, bytes, count, offset in
            written.withLock { $0 = max($0, offset + Int64(count)) }
            return pwrite(descriptor, bytes, count, off_t(offset))
        }
        let bench = try await Bench(data, disk: disk, isContinuable: false)
        bench.world.state.withLock { state in
            state.declaresSize = false
            state.sources[Bench.key] = noise(40_000_000, seed: 8)
        }
        let error = await failure { _ = try await bench.step() }
        #expect(error?.code == .sourceTruncated)
        #expect(error?.isTransient == false)
        #expect(error?.message.contains("3000000 bytes") == true)
        #expect(written.withLock { $0 } <= 3_000_001)
        let names = try FileManager.default.contentsOfDirectory(atPath: bench.spool.place.folder)
        #expect(names.isEmpty)
        #expect(try await bench.entry() == nil)
    }

    /// Two transfers meet the same damage. The second one comes when the first has already filled
    /// the file again.
    @Test func `A file that was filled again is not discarded for the old one's damage`()
        async throws
    {
        let bench = try await Bench(data)
        guard case .ready(let transfer, let entry, let life) = try await bench.step() else {
            throw Missing()
        }
        guard case .complete(_, let lifeOfOther) = try await bench.spool.claim(transfer) else {
            throw Missing()
        }
        #expect(life == lifeOfOther)
        try await bench.spool.discard(entry, unlessFilled: true, inLife: life)
        #expect(!FileManager.default.fileExists(atPath: entry.path))
        let (_, again) = try await bench.ready()
        try await bench.spool.discard(entry, unlessFilled: true, inLife: lifeOfOther)
        #expect(try bench.file() == again.path)
        guard case .complete(_, life + 1) = try await bench.spool.claim(transfer) else {
            throw Missing()
        }
    }

    @Test func `All data lies proved in a file that only its owner can read`() async throws {
        let bench = try await Bench(data)
        let (transfer, entry) = try await bench.ready()
        #expect(transfer.state == .read && bench.now.state == .read)
        #expect(entry.isComplete && entry.offsetBytes == 3_000_000)
        #expect(entry.digest == sha256(data))
        #expect([UInt8](try Data(contentsOf: URL(fileURLWithPath: entry.path))) == data)
        func mode(_ path: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        }
        #expect(try mode(entry.path) == 0o600)
        #expect(try mode(bench.spool.place.folder) == 0o700)
        #expect(transfer.reading?.readBytes == 3_000_000)
        // The transfer of a second target finds the file.
        guard case .ready = try await bench.step() else { throw Missing() }
        #expect(bench.readBytes == 3_000_000)
    }

    @Test func `A source that was read has answered, and a target that nothing asked has not`()
        async throws
    {
        let bench = try await Bench(data)
        _ = try await bench.ready()
        #expect(bench.answers.withLock { $0 } == [.source])
        // All of the data is in the spool: no request is sent.
        _ = try await bench.ready()
        #expect(bench.answers.withLock { $0 } == [.source])
    }

    @Test func `A reading that broke goes on where the file ends`() async throws {
        let bench = try await Bench(data)
        bench.breaks(1_700_001)
        #expect(await failure { _ = try await bench.step() }?.message == "reset")
        #expect(bench.now.reading?.readBytes == 1_700_001)
        let kept = try #require(try await bench.entry())
        #expect(kept.offsetBytes == 1_700_001 && !kept.isComplete)
        bench.breaks(nil)
        let (transfer, entry) = try await bench.ready()
        #expect(entry.digest == sha256(data))
        #expect(bench.readBytes == data.count)
        #expect(transfer.reading?.againBytes == 0)
        #expect(transfer.reading?.savedBytes == 1_700_001)
    }

    @Test func `Data that will not be sent is not spooled`() async throws {
        let bench = try await Bench(DiskHeads.qcow2() + data)
        #expect(await failure { _ = try await bench.step() }?.code == .formatRejected)
        #expect(try await bench.entry()?.offsetBytes ?? 0 == 0)
    }

    @Test func `A reading that broke within its first bytes says nothing of them`() async throws {
        let bench = try await Bench(DiskHeads.html + data)
        bench.breaks(40)
        #expect(await failure { _ = try await bench.step() }?.message == "reset")
    }

    @Test func `What lies behind the journalled offset is cut off, and counted as read again`()
        async throws
    {
        let bench = try await Bench(data)
        bench.breaks(1_700_000)
        _ = await failure { _ = try await bench.step() }
        // The file as a process leaves it that was killed between two commits.
        let handle = try #require(FileHandle(forWritingAtPath: try bench.file()))
        try handle.seekToEnd()
        try handle.write(contentsOf: [UInt8](repeating: 7, count: 5000))
        try handle.close()
        bench.breaks(nil)
        let (transfer, entry) = try await bench.ready()
        #expect(entry.digest == sha256(data))
        #expect([UInt8](try Data(contentsOf: URL(fileURLWithPath: entry.path))) == data)
        #expect(transfer.reading?.againBytes == 5000)
        #expect(transfer.reading?.readBytes == 3_005_000)
    }

    @Test(arguments: ["flipped", "short", "gone"])
    func `A file that is not what the journal says is read again`(damage: String) async throws {
        let bench = try await Bench(data)
        bench.breaks(1_700_000)
        _ = await failure { _ = try await bench.step() }
        let path = try bench.file()
        if damage == "gone" {
            try FileManager.default.removeItem(atPath: path)
        } else {
            let handle = try #require(FileHandle(forUpdatingAtPath: path))
            if damage == "short" {
                try handle.truncate(atOffset: 1_699_999)
            } else {
                try handle.seek(toOffset: 1_000_000)
                try handle.write(contentsOf: [data[1_000_000] ^ 1])
            }
            try handle.close()
        }
        bench.breaks(nil)
        let (_, entry) = try await bench.ready()
        #expect(entry.digest == sha256(data))
        #expect(bench.readBytes == 4_700_000)
        #expect(
            bench.notes.withLock { $0 } == ["the spooled data is damaged and is read again"])
    }

    @Test func `A source that is another version now is read from its beginning`() async throws {
        let bench = try await Bench(data)
        bench.breaks(1_700_000)
        _ = await failure { _ = try await bench.step() }
        bench.breaks(nil)
        bench.world.state.withLock {
            $0.versions[Bench.key] = SourceVersion(strongETag: "\"b\"", totalBytes: 3_000_000)
        }
        let (_, entry) = try await bench.ready()
        #expect(entry.digest == sha256(data))
        #expect(bench.readBytes == 4_700_000)
        #expect(bench.notes.withLock { $0.first }?.contains("another version") == true)
    }

    @Test func `A source that proves nothing is read from its beginning`() async throws {
        let bench = try await Bench(data, isContinuable: false)
        bench.breaks(1_700_000)
        _ = await failure { _ = try await bench.step() }
        bench.breaks(nil)
        let (transfer, _) = try await bench.ready()
        #expect(bench.readBytes == 4_700_000)
        #expect(transfer.reading?.againBytes == 1_700_000)
    }

    @Test func `Zeros take no room`() async throws {
        var bytes = [UInt8](repeating: 0, count: 16 << 20)
        bytes.replaceSubrange((4 << 20)..<(5 << 20), with: noise(1 << 20))
        let bench = try await Bench(bytes)
        let (_, entry) = try await bench.ready()
        #expect([UInt8](try Data(contentsOf: URL(fileURLWithPath: entry.path))) == bytes)
        var status = stat()
        #expect(stat(entry.path, &status) == 0)
        #expect(Int(status.st_size) == bytes.count)
        #expect(Int(status.st_blocks) * 512 < 3 << 20)
    }

    @Test(arguments: [true, false])
    func `Bytes that turn out wrong after an interruption are read once more from the beginning`(
        isRightNow: Bool
    ) async throws {
        let bench = try await Bench(data)
        let wrong = [data[0] ^ 1] + data.dropFirst()
        bench.world.state.withLock { $0.sources[Bench.key] = wrong }
        bench.breaks(1_700_000)
        _ = await failure { _ = try await bench.step() }
        bench.breaks(nil)
        if isRightNow {
            // The journal and the file agree on the bytes; the promise does not.
            bench.world.state.withLock { $0.sources[Bench.key] = data }
            let (_, entry) = try await bench.ready()
            #expect(entry.digest == sha256(data))
        } else {
            let error = await failure { _ = try await bench.step() }
            #expect(error?.code == .checksumMismatch)
            #expect(try await bench.entry() == nil)
        }
        #expect(bench.readBytes == 6_000_000)
        #expect(bench.now.reading?.readBytes == 6_000_000)
        #expect(bench.notes.withLock { $0.first }?.contains("read again") == true)
    }

    @Test func `Wrong bytes are not kept`() async throws {
        let bench = try await Bench(data, promised: [1])
        let error = await failure { _ = try await bench.step() }
        #expect(error?.code == .checksumMismatch)
        #expect(error?.isTransient == false)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: bench.spool.place.folder).isEmpty)
        #expect(try await bench.entry() == nil)
        #expect(bench.now.reading?.readBytes == 3_000_000)
    }

    // MARK: A full disk

    /// A disk that is full after the given number of bytes.
    private final class SmallDisk: Sendable {
        let left: Guarded<Int>
        init(_ bytes: Int) { left = Guarded(bytes) }

        var disk: SpoolDisk {
            SpoolDisk { descriptor, bytes, count, offset in
                let isFull = self.left.withLock { left in
                    left -= count
                    return left < 0
                }
                guard !isFull else {
                    errno = ENOSPC
                    return -1
                }
                return pwrite(descriptor, bytes, count, off_t(offset))
            }
        }
    }

    @Test func `A disk that nothing can make room on is told, and what came is kept`()
        async throws
    {
        let small = SmallDisk(2_000_000)
        let bench = try await Bench(data, disk: small.disk)
        let error = await failure { _ = try await bench.step() }
        #expect(error?.code == .targetFailed)
        #expect(error?.isTransient == true)
        #expect(error?.message.contains("No space left on device") == true)
        #expect(error?.hint?.contains("transfer: stream") == true)
        let kept = try #require(try await bench.entry())
        #expect(kept.offsetBytes > 1_500_000 && kept.offsetBytes <= 2_000_000)
        small.left.withLock { $0 = .max }
        let (_, entry) = try await bench.ready()
        #expect(entry.digest == sha256(data))
    }

    @Test func `A file that can never fit is told at once`() async throws {
        let bench = try await Bench(data, maxBytes: 2_999_999)
        let error = await failure { _ = try await bench.step() }
        #expect(error?.code == .targetFailed)
        #expect(error?.isTransient == false)
        #expect(error?.hint?.contains("spool.max") == true)
        #expect(bench.readBytes == 0)
    }
}
