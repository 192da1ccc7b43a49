// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import ImageArchives
public import MigrationModel
public import MigrationPipeline
internal import OpenStackImage

extension ArchiveUploader {
    /// The pause, in seconds, before the next look at an image that another process writes.
    private static let lookSeconds = 2.0

    /// Decides as for a cloud, with fewer states: no service works on a record, and no id is
    /// burned.
    public func reconcile(_ given: Transfer) async throws(TranshipError) -> Outcome {
        guard case .image(let found) = try await find(try given.recordID()) else {
            var transfer = given
            transfer.register()
            transfer.placement.clearContents()
            return .send(transfer)
        }
        return try await reconcile(given, with: found)
    }

    /// Returns the archive's entry for an id. Throws if its record is damaged and no other record
    /// can replace it. If one can, the callers treat the image as missing, since the plan has found
    /// that it is ours.
    private func find(_ text: String) async throws(TranshipError) -> ArchivedFind {
        let id = try Self.archivedID(text)
        let found = try await archive.onThread { try $0.find(id) }
        if case .damaged(let words, isMendable: false) = found {
            throw TranshipError(
                .targetFailed, "image \(text) of the archive \(archive.path) is damaged: \(words)",
                hint: "restore it from a copy of the archive, or remove it and run again",
                side: .target)
        }
        return found
    }

    /// Decides for an image that was found.
    private func reconcile(
        _ given: Transfer, with found: ArchivedImage
    ) async throws(TranshipError) -> Outcome {
        var transfer = given
        let image = TargetRecord(found, targetKey: targetKey).image
        guard Ownership(of: image, transfer).isOurs else {
            if transfer.holdsKeptID {
                return .send(
                    try transfer.withoutKeptID(
                        "it is the id of another image, \"\(image.name ?? "")\""))
            }
            throw TranshipError(
                .targetConflict,
                "image \(image.id) of the archive \(archive.path) is not ours: its "
                    + "\(Origin.propertyName) is "
                    + (image.originValue.map { "\"\($0)\"" } ?? "missing"),
                hint: "look at its record; it was not touched")
        }
        if transfer.state.isBeforeRecord { transfer.move(to: .registered) }
        if found.isWhole {
            transfer.proof.sizeBytes = transfer.proof.sizeBytes ?? image.sizeBytes
            return .advance(transfer.foundWhole())
        }
        let id = try Self.archivedID(image.id)
        if try await archive.onThread({ try $0.isBeingWritten(id) }) {
            transfer.placement.yieldContents()
            return .snooze(transfer, seconds: Self.lookSeconds, reason: .otherProcessWrites)
        }
        transfer.register()
        transfer.placement.clearContents()
        return .send(transfer)
    }

    public func register(
        _ given: Transfer, references: [String: String], commit: @escaping Commit
    ) async throws(TranshipError) -> Outcome {
        var transfer = given
        // Try a second time with the derived id, if the kept id is not free.
        for _ in 0..<2 {
            let text = ImageIdentity.imageID(
                of: transfer.source, project: transfer.record.ownerID ?? "",
                generation: transfer.placement.generation, keptID: transfer.record.keptID)
            let id = try Self.archivedID(text)
            transfer.placement.imageID = text
            transfer.register()
            try await commit(transfer)
            let before = try await find(text)
            if case .image(let found) = before {
                let next = try await reconcile(transfer, with: found)
                guard case .send(let sent) = next else { return next }
                transfer = sent
                if transfer.state != .registered { continue }
                if found.isPublished { return .send(transfer) }
            }
            let record = ArchiveRecord(
                transfer, id: text, references: references, time: Timestamp.text(now()))
            try await archive.onThread { archive in
                if case .damaged = before {
                    try archive.prepareAgain(id, record)
                } else {
                    try archive.prepare(id, record)
                }
            }
            return .send(transfer)
        }
        throw TranshipError(
            .conflict,
            "the ids of \(transfer.source.displayName) are taken in the archive \(archive.path)",
            hint: "look at their records")
    }
}

extension ArchiveRecord {
    /// The record before the first byte. It is private until the image is proved.
    init(_ transfer: Transfer, id: String, references: [String: String], time: String) {
        let (record, source) = (transfer.record, transfer.source)
        var fields = record.properties.merging(references) { $1 }.mapValues { JSONValue.string($0) }
        fields[Origin.propertyName] = .string(transfer.origin.propertyValue)
        let known: [String: JSONValue] = [
            "id": .string(id), "name": .init(record.name), "status": "queued",
            "visibility": "private", "protected": false, "os_hidden": false,
            "owner": .init(source.ownerID), "size": .null, "checksum": .null,
            "os_hash_algo": .null, "os_hash_value": .null,
            "disk_format": .init(record.diskFormat),
            "container_format": .init(record.containerFormat),
            "min_disk": .integer(Int64(record.minDiskGiB)),
            "min_ram": .integer(Int64(record.minRAMMiB)),
            "tags": .array(record.tags.map { .string($0) }), "created_at": .string(time),
            "updated_at": .string(time),
        ]
        self.init(
            fields: fields.merging(known) { $1 },
            source: [
                "id": .init(source.imageID), "location": .string(source.location),
                "name": .init(source.name), "updated_at": .init(source.updatedAt),
            ])
    }

    /// Applies the change of an earlier version of a series to its record.
    mutating func apply(_ change: Change) {
        switch change.action {
        case .hide: fields["os_hidden"] = true
        case .deactivate: fields["status"] = "deactivated"
        case .rename, .promote: fields["name"] = .init(change.newName)
        case .restore:
            fields["name"] = .init(change.record.shownName)
            fields["status"] = change.record.isDeactivated ? "deactivated" : "active"
            fields["os_hidden"] = .bool(change.record.isHidden)
        case .delete: preconditionFailure("a removal deletes")
        }
    }
}

extension JSONValue {
    fileprivate init(_ text: String?) { self = text.map { .string($0) } ?? .null }
}

extension TargetImage {
    /// Makes the entry of an image whose record says nothing about it.
    init(damaged damage: Damage, id: String, targetKey: String) {
        self.init(
            targetKey: targetKey, id: id, name: nil, status: .killed, sizeBytes: nil, checksums: [],
            visibility: .private, isHidden: false, isProtected: false, ownerID: nil,
            originValue: nil)
        self.damage = damage
    }
}

extension TargetRecord {
    /// Makes the entry of an image in an archive. It has no owner: an archive belongs to no
    /// project, and the owner in its records is that at the source.
    init(_ found: ArchivedImage, targetKey: String) {
        let image = found.record.image
        self.init(image, targetKey: targetKey)
        self.image.ownerID = nil
        if !found.isPublished { self.image.isUnpublished = true }
        if image.status == .active || image.status == .deactivated, !found.isWhole {
            self.image.status = .killed
            self.image.damage = found.dataProblem.map {
                .init($0, isMendable: found.isMendable, isOfRecord: image.sizeBytes == nil)
            }
        }
        members = found.record.memberAnswers.map(\.id)
        for (id, status) in found.record.memberAnswers where status != "pending" {
            memberAnswers[id] = status
        }
    }
}
