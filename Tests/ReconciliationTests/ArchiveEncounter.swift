// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ChecksumVerifiers
import Digests
import Foundation
import GlanceServer
import ImageArchives
import ImageUploaders
import MigrationJournal
import MigrationModel
import MigrationPipeline
import OpenStackImage
import PipelineFiles
import Planning
import Publishing
import TaskWaiters
import TestSupport

@testable import SourceReaders

/// Like ``Encounter``, with an archive as the target. Its folder is real.
final class ArchiveEncounter {
    /// The end of the encounter.
    struct Ending {
        var action: PlanAction?
        var transfer: Transfer
        /// The number of times that the run read the data of the source.
        var readings: Int
        /// The ids for which the archive has a record or data.
        var ids: Set<String>
        var firstID: String
        var isRight: Bool
    }

    private let meeting: Meeting
    private let folder: TemporaryFolder
    private let archive: ArchiveFolder
    private let clock = Clock()

    init() throws {
        folder = try TemporaryFolder()
        archive = ArchiveFolder(folder.file("export"), as: .target)
        meeting = try Meeting(
            target: "{ archive: \(folder.file("export")), image: { visibility: community } }")
    }

    func play(_ ours: Ours, _ found: Archived) async throws -> Ending {
        let bytes = meeting.bytes
        let item = try await meeting.begin(ours, at: target(), now: clock.now) { _ in
            try digest(.sha512, of: bytes)
        }
        let id = item.firstImageID
        try put(found, id, marker: item.origin.propertyValue)
        let before = meeting.readings
        let (action, end) = try await meeting.goOn(
            item, at: target(), now: clock.now, clock.surroundings)
        let data = try? folder.bytes(of: "export/images/\(end.imageID ?? "?").data")
        return Ending(
            action: action, transfer: end, readings: meeting.readings - before, ids: try ids(),
            firstID: id, isRight: data == bytes)
    }

    private func ids() throws -> Set<String> {
        let names =
            (try? FileManager.default.contentsOfDirectory(atPath: folder.file("export/images")))
            ?? []
        return Set(names.compactMap { name in name.split(separator: ".").first.map(String.init) })
    }

    private func put(_ found: Archived, _ text: String, marker: String) throws {
        guard found != .absent, let id = ArchivedID(text) else { return }
        let data = found.hasOtherData ? noise(1000, seed: 9) : meeting.bytes
        let checksum = try digest(.sha512, of: data)
        let hasData = found != .prepared
        let record = ArchiveRecord(fields: [
            "id": .string(text), "name": "original", "status": hasData ? "active" : "queued",
            "visibility": found.isPublished ? "community" : "private", "protected": false,
            "os_hidden": false, "size": hasData ? .integer(1000) : .null,
            "os_hash_algo": hasData ? "sha512" : .null,
            "os_hash_value": hasData ? .string(checksum.value) : .null, "disk_format": "raw",
            "container_format": "bare", "min_disk": 0, "min_ram": 0, "tags": [],
            "created_at": "2026-11-21T00:00:00Z", "updated_at": "2026-11-21T00:00:00Z",
            Origin.propertyName: .string(marker),
        ])
        try archive.prepare(id, record)
        switch found {
        case .absent, .prepared, .missing: break
        case .short, .unpublishedShort:
            try folder.write(Array(data.prefix(10)), to: "export/images/\(text).data")
        default: try folder.write(data, to: "export/images/\(text).data")
        }
        if found.isPublished { try archive.publish(id, record) }
        if found == .damaged { try folder.write([], to: "export/images/\(text).json") }
    }

    // MARK: The run

    private func target() -> OpenedTarget {
        let key = "archive:\(archive.path)"
        let clock = clock
        return OpenedTarget(
            key: key, endpoint: "archive", isAdmin: true, offer: ArchiveUploader.offer,
            uploader: ArchiveUploader(targetKey: key, archive: archive, now: { clock.now }),
            waiter: ArchiveWaiter(),
            publisher: ArchivePublisher(archive: archive, now: { clock.now }))
    }
}
