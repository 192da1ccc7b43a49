// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import ByteStreams
internal import Digests
public import MigrationModel
public import MigrationPipeline
internal import OpenStackImage

extension CloudUploader {
    /// Ids that are tried before giving up; each one burned by a deleted image.
    static let generationsMax = 50

    public func register(
        _ given: Transfer, references: [String: String], commit: @escaping Commit
    ) async throws(TranshipError) -> Outcome {
        var transfer = given
        let project = try await service.session.authenticate().projectID
        var properties = transfer.record.properties.merging(references) { $1 }
        properties[Origin.propertyName] = transfer.origin.propertyValue
        for _ in 0..<Self.generationsMax {
            let id = ImageIdentity.imageID(
                of: transfer.source, project: transfer.record.ownerID ?? project ?? "",
                generation: transfer.placement.generation, keptID: transfer.record.keptID)
            if let known = transfer.imageID, let image = try await service.imageIfPresent(known) {
                // Reconciled before the source was opened: ours, and empty.
                try checkOurs(image, transfer)
                return .send(transfer)
            }
            // Its members are known now, and others may have been refused meanwhile.
            if let objection = objection(to: transfer) { throw objection }
            transfer.placement.imageID = id
            transfer.register()
            try await commit(transfer)
            let image: Image
            do {
                image = try await service.create(
                    NewImage(transfer.record, id: id, properties: properties))
                // What is sent into a record that has a checksum or stores is not what it serves.
                guard image.isSpoiled else { return .send(transfer) }
            } catch {
                guard error.code == .conflict else {
                    throw lessons.learn(from: error, record: transfer.record)
                }
                // 409: the image is ours, from another host or from a process that
                // this journal does not remember; or its id is burned (deleted ids
                // stay taken); or it belongs to someone else.
                guard let found = try await service.imageIfPresent(id) else {
                    if transfer.holdsKeptID {
                        transfer = try transfer.withoutKeptID(
                            "the target has given it to an image that was deleted, "
                                + "or that this project cannot see")
                        continue
                    }
                    transfer.placement.takeNextID()
                    continue
                }
                if transfer.holdsKeptID, !ownership(found, transfer).isOurs {
                    transfer = try transfer.withoutKeptID("it is \(Self.words(found))")
                    continue
                }
                image = found
            }
            let found = try await reconcile(transfer, with: image)
            guard case .send(let next) = found, next.state != .registered else { return found }
            transfer = next
        }
        throw TranshipError(
            .conflict,
            "\(Self.generationsMax) ids of \(transfer.source.displayName) are taken at the target",
            hint: "look for deleted images of this pipeline at the target")
    }
}

extension NewImage {
    /// Everything that can be said before the first byte; private until proved.
    init(_ record: PlannedRecord, id: String, properties: [String: String]) {
        self.init(
            id: id, name: record.name, diskFormat: record.diskFormat,
            containerFormat: record.containerFormat, visibility: .private,
            ownerID: record.ownerID, minRAMMiB: record.minRAMMiB, minDiskGiB: record.minDiskGiB,
            tags: record.tags, properties: properties.mapValues { .string($0) })
    }
}
