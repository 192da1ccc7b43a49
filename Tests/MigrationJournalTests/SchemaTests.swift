// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GRDB
import MigrationModel
import TestSupport
import Testing

@testable import MigrationJournal

@Suite(.timeLimit(.minutes(5))) struct SchemaTests {
    private let folder: TemporaryFolder
    private var path: String { folder.file("journal.sqlite") }

    init() throws { folder = try TemporaryFolder() }

    @Test func `One that was killed before it was marked as ours opens and is marked`() async throws
    {
        do {
            let queue = try DatabaseQueue(path: path)
            try Schema.migrator.migrate(queue)
        }
        let journal = try await Journal.open(path: path)
        let id = try await journal.write { try Int.fetchOne($0, sql: "PRAGMA application_id") }
        #expect(id == Schema.applicationID)
    }

    /// `file(1)` and Tranship recognize a journal by this header.
    @Test func `The file's header says that it is a journal`() async throws {
        _ = try await Journal.open(path: path)
        #expect(try folder.bytes(of: "journal.sqlite")[68..<72].elementsEqual("TRSH".utf8))
    }

    /// With the mark in the header, and from a process that was killed before it wrote the mark.
    @Test(
        arguments: ["001 runs, transfers, plan", "1 runs, lineages, work"],
        [Schema.applicationID, 0])
    func `A journal of a build before the first release is refused with what to do`(
        step: String, id: Int
    ) async throws {
        do {
            let queue = try DatabaseQueue(path: path)
            try Schema.migrator.migrate(queue)
            try await queue.write { db in
                try db.execute(
                    sql:
                        "PRAGMA application_id = \(id); UPDATE grdb_migrations SET identifier = '\(step)'"
                )
            }
        }
        let before = try folder.bytes(of: "journal.sqlite")
        let openings: [@Sendable () async throws -> Void] = [
            { [path] in _ = try await Journal.open(path: path) },
            { [path] in _ = try Journal.openForReading(path: path) },
            { [path] in _ = try Journal.openIfPresent(path: path) },
            { [path] in _ = try Journal.openBesideRun(path: path) },
        ]
        for opening in openings {
            let error = await failure(opening)
            #expect(error?.code == .journalFailed)
            #expect(error?.message.contains("\(path) has the shape of a version") == true)
            #expect(error?.hint?.contains("move \(path), ") == true)
            #expect(error?.hint?.contains("tranship adopt") == true)
        }
        #expect(try folder.bytes(of: "journal.sqlite") == before)
    }

    /// A process that was killed between the two steps leaves such a file.
    @Test func `A file without our tables has no run yet, and a run makes them`() async throws {
        do {
            let queue = try DatabaseQueue(path: path)
            try await queue.write { db in
                try db.execute(
                    sql: "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
            }
        }
        let error = await failure { _ = try Journal.openForReading(path: path) }
        #expect(error?.code == .notFound)
        #expect(try await Journal.openIfPresent(path: path).lastRun() == nil)
        #expect(try await Journal.open(path: path).lastRun() == nil)
        #expect(try await Journal.openForReading(path: path).lastRun() == nil)
    }

    @Test func `Series are the images without an id at their source`() async throws {
        let journal = try Journal.inMemory()
        var series = Sample.item("b")
        series.intent.source.imageID = nil
        series.intent.origin.lineageID = "of b"
        _ = try await journal.takeOver([Sample.item("a"), series])
        #expect(try await journal.seriesIDs() == ["of b"])
    }

    // MARK: Room

    /// Returns an item of a realistic catalogue: no two images share a byte of their ids and
    /// digests.
    private func item(_ index: Int) throws -> PlanItem {
        var random = SystemRandomNumberGenerator()
        func digits(_ count: Int) -> String {
            (0..<count).map { _ in String(Int.random(in: 0..<16, using: &random), radix: 16) }
                .joined()
        }
        let id = UUID().uuidString.lowercased()
        let checksums = [
            try Checksum(.sha512, digits(128)), try Checksum(.md5, digits(32)),
        ]
        let properties = [
            "os_distro": "ubuntu", "os_version": "24.04", "architecture": "x86_64",
            "hw_disk_bus": "scsi", "hw_scsi_model": "virtio-scsi", "hw_qemu_guest_agent": "yes",
            "build_id": digits(12), "owner_team": "platform-\(index % 40)",
            "description": "Nightly build \(index) of the base image",
        ]
        let source = SourceImage(
            key: "image:\(id)", sourceIndex: 0, location: id, imageID: id,
            lineage: "image:\(id)", fingerprint: checksums[0].description,
            name: "ubuntu-24.04-server-\(index)", status: .active,
            sizeBytes: .random(in: 1 << 28..<1 << 33), checksums: checksums,
            ownerID: digits(32), visibility: .private, diskFormat: "qcow2",
            containerFormat: "bare", minDiskGiB: 10, minRAMMiB: 512,
            tags: ["nightly", "base"], properties: properties, updatedAt: "2025-11-03T04:05:06Z")
        var record = PlannedRecord(
            name: source.name, diskFormat: "qcow2", containerFormat: "bare")
        record.minDiskGiB = 10
        record.minRAMMiB = 512
        record.tags = source.tags
        record.properties = properties
        let intent = Intent(
            targetKey: "beta", source: source, record: record,
            origin: Origin(
                lineageID: UUID().uuidString.lowercased(),
                versionID: UUID().uuidString.lowercased()),
            method: .upload, methodReason: .dataIsLocal)
        var item = PlanItem(
            intent, firstImageID: UUID().uuidString.lowercased(), promise: checksums[0])
        item.action = .create
        item.reason = .notAtTarget
        item.start = .fresh(item.intent, promised: item.promise)
        return item
    }

    @Test func `A planned image takes at most 1.5 KiB of the journal`() async throws {
        let count = 10_000
        var begun = 0
        do {
            let journal = try await Journal.open(path: path)
            let run = try await journal.takeOver(try (0..<count).map(item))
            // Half of the transfers are sent and proved; the others are only planned.
            for var transfer in try await journal.unfinished(run: run, limit: count / 2) {
                transfer.placement.imageID = UUID().uuidString.lowercased()
                transfer.register()
                transfer.move(to: .sending)
                transfer.placement.claimContents()
                transfer.proof.computed = transfer.source.checksums
                transfer.move(to: .verifying)
                transfer.proof.reported = transfer.source.checksums
                try await journal.commit(transfer)
                begun += 1
            }
        }
        #expect(begun == count / 2)
        #expect(!FileManager.default.fileExists(atPath: folder.file("journal.sqlite-preview")))
        let bytes = try folder.bytes(of: "journal.sqlite").count
        #expect(bytes / count <= 1536, "\(bytes / count) bytes an image")
    }

    @Test func `An image to several targets is kept once`() async throws {
        let journal = try await Journal.open(path: path)
        let run = try await journal.takeOver(["beta", "gamma"].map { Sample.item("a", to: $0) })
        #expect(
            try await journal.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM image") } == 1)
        #expect(try await journal.unfinished(run: run, limit: 9).count == 2)
    }

    // MARK: Damage

    @Test(arguments: [
        "UPDATE spool SET source_key = 'x'", "UPDATE spool SET fingerprint = 'x'",
        "UPDATE spool SET offset_bytes = 5", "UPDATE spool SET is_complete = 1",
    ])
    func `A row of the spool that contradicts itself is an error`(sql: String) async throws {
        let journal = try await Journal.open(path: path)
        let run = try await journal.takeOver([Sample.item("a")])
        let entry = SpoolEntry(
            sourceKey: "image:a", fingerprint: "f", path: "/x", reservedBytes: 10)
        try await journal.keep(entry)
        #expect(try await journal.spoolEntries(run: run).map(\.entry) == [entry])
        try await journal.write { try $0.execute(sql: sql) }
        let error = await failure { _ = try await journal.spoolEntries(run: run) }
        #expect(error?.code == .journalFailed)
        #expect(error?.message.contains("contradicts itself") == true)
    }

    @Test func `Numbers that no step writes are an error`() async throws {
        let journal = try await Journal.open(path: path)
        let run = try await journal.takeOver([Sample.item("a")])
        for (offset, reserved) in [(Int64(-1), Int64(1)), (0, -1), (1, .max)] {
            var entry = SpoolEntry(
                sourceKey: "image:a", fingerprint: "f", path: "/x", reservedBytes: reserved)
            entry.offsetBytes = offset
            try await journal.keep(entry)
            let error = await failure { _ = try await journal.spoolEntries(run: run) }
            #expect(error?.code == .journalFailed)
        }
    }

    @Test(arguments: [
        "UPDATE work SET body = substr(body, 1, 20)",
        "UPDATE work SET body = zeroblob(200)", "UPDATE work SET body = CAST('{}' AS BLOB)",
        // Queries use the columns and steps use the bodies, so the step of another state would run.
        "UPDATE work SET state = 'registered'", "UPDATE work SET state = 'done'",
        "UPDATE work SET method = 'web-download'", "UPDATE work SET spools = 1",
        "UPDATE work SET is_copying = 1", "UPDATE work SET image_id = 'x'",
        "UPDATE work SET source_index = 7", "UPDATE transfer SET target_key = 'gamma'",
        "UPDATE transfer SET version_id = 'x'", "UPDATE image SET source_key = 'image:b'",
        "UPDATE image SET body = (SELECT body FROM work)",
    ])
    func `A damaged row is an error with a hint, and stops no process`(sql: String) async throws {
        let journal = try await Journal.open(path: path)
        let run = try await journal.takeOver([Sample.item("a")])
        try await journal.write { try $0.execute(sql: sql) }
        let error = await failure {
            _ = try await journal.transfers(run: run, in: TransferState.allCases, limit: 9)
        }
        #expect(error?.code == .journalFailed)
        #expect(error?.hint?.contains("tranship adopt") == true)
    }

    @Test func `A number that no step writes is damage`() async throws {
        var item = Sample.item("a")
        item.action = .create
        item.start = .fresh(item.intent, promised: nil, generation: -1)
        let journal = try await Journal.open(path: path)
        let run = try await journal.takeOver([item])
        let error = await failure { _ = try await journal.unfinished(run: run, limit: 9) }
        #expect(error?.code == .journalFailed)
    }

    /// GRDB ends the process for such values unless each column is read with a check.
    @Test(arguments: ["NULL", "'a'", "x'00'"])
    func `A file with our tables but other types in them is refused, not fatal`(
        _ value: String
    ) async throws {
        let journal = try await Journal.open(path: path)
        let run = try await journal.takeOver([Sample.item()])
        try await journal.write { db in
            for table in ["run", "attempt", "outage", "refusal", "plan_tally"] {
                let columns = try db.columns(in: table).map { "\"\($0.name)\"" }
                let keys = ["\"id\"", "\"run_id\"", "\"transfer_id\""]
                let values = columns.map { keys.contains($0) ? "1" : value }
                let lists = (columns.joined(separator: ", "), values.joined(separator: ", "))
                try db.execute(sql: "ALTER TABLE \(table) RENAME TO old_\(table)")
                try db.execute(sql: "CREATE TABLE \(table) (\(lists.0))")
                try db.execute(sql: "INSERT INTO \(table) VALUES (\(lists.1))")
            }
        }
        let reads: [@Sendable () async throws -> Void] = [
            { _ = try await journal.lastRun() }, { _ = try await journal.plan(of: run) },
            { _ = try await journal.outages(run: run) },
            { _ = try await journal.attempts(of: [1], limit: 1) },
        ]
        for (index, read) in reads.enumerated() {
            #expect(await failure(read)?.code == .journalFailed, "read \(index)")
        }
    }
}
