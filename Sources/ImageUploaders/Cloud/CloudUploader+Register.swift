// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import ByteStreams
internal import Digests
public import MigrationModel
public import MigrationPipeline
internal import OpenStackImage

extension CloudUploader {
    /// The maximum number of ids to try. Each of them is burned by a deleted image.
    static let generationsMax = 50
    /// The maximum number of refusals that do not name the id. The refusal of a burned id names it,
    /// so these have another cause.
    static let unexplainedMax = 5

    public func register(
        _ given: Transfer, references: [String: String], commit: @escaping Commit
    ) async throws(TranshipError) -> Outcome {
        var transfer = given
        let project = try await service.session.authenticate().projectID
        var properties = transfer.record.properties.merging(references) { $1 }
        properties[Origin.propertyName] = transfer.origin.propertyValue
        var refused = Refused(unexplainedMax: Self.unexplainedMax)
        var spoiledCount = 0
        for _ in 0..<Self.generationsMax {
            if let known = transfer.imageID, let image = try await service.imageIfPresent(known) {
                // This image was reconciled before the source was opened: it is ours, and empty.
                try checkOurs(image, transfer)
                return .send(transfer)
            }
            // Now the copy's members are known, and other images may have been refused in the
            // meantime.
            if let objection = objection(to: transfer) { throw objection }
            let id = ImageIdentity.imageID(
                of: transfer.source, project: transfer.record.ownerID ?? project ?? "",
                generation: transfer.placement.generation, keptID: transfer.record.keptID)
            transfer.placement.imageID = id
            transfer.register()
            try await commit(transfer)
            let found: Image
            let new = NewImage(transfer.record, id: id, properties: properties)
            switch try await make(new, of: transfer.record) {
            case .made(let image):
                found = try await checked(image, transfer, project: project)
                // A record with a checksum or stores may not serve the data that is sent into it.
                guard found.isSpoiled else { return .send(transfer) }
                spoiledCount += 1
                if spoiledCount == Self.spoiledMax { throw await stopped(found, transfer) }
            case .taken(let error):
                // 409: the image is ours, from another host or from a process that this journal
                // does not remember; or its id is burned (deleted ids stay taken); or it belongs to
                // another project.
                if let image = try await service.imageIfPresent(id) {
                    found = image
                } else if transfer.holdsKeptID {
                    transfer = try transfer.withoutKeptID(
                        "the target has given it to an image that was deleted, "
                            + "or that this project cannot see")
                    continue
                } else {
                    refused.add(error, id)
                    transfer.placement.takeNextID()
                    guard refused.isHopeless else { continue }
                    // None of these ids is known to be burned, so a later run tries them again.
                    transfer.placement = given.placement
                    try await commit(transfer)
                    throw refused.error(transfer)
                }
                if transfer.holdsKeptID, !ownership(found, transfer).isOurs {
                    transfer = try transfer.withoutKeptID("it is \(Self.words(found))")
                    continue
                }
            }
            let outcome = try await reconcile(transfer, with: found)
            guard case .send(let next) = outcome, next.state != .registered else { return outcome }
            transfer = next
        }
        throw refused.error(transfer)
    }

    private enum Answer {
        case made(Image)
        /// The service answered 409.
        case taken(TranshipError)
    }

    private func make(_ new: NewImage, of record: PlannedRecord) async throws(TranshipError)
        -> Answer
    {
        do {
            return .made(try await service.create(new))
        } catch {
            guard error.code == .conflict else {
                throw lessons.learn(from: error, record: record)
            }
            return .taken(error)
        }
    }
}

/// The ids that the target refused with 409 and for which it shows no image.
private struct Refused {
    /// The number of refusals that do not name the id after which the search ends.
    let unexplainedMax: Int
    private var last: TranshipError?
    private var count = 0
    private var unexplained = 0

    init(unexplainedMax: Int) { self.unexplainedMax = unexplainedMax }

    mutating func add(_ error: TranshipError, _ id: String) {
        last = error
        count += 1
        if error.answer?.message.lowercased().contains(id.lowercased()) != true { unexplained += 1 }
    }

    var isHopeless: Bool { unexplained >= unexplainedMax }

    func error(_ transfer: Transfer) -> TranshipError {
        let name = transfer.source.displayName
        guard let last else {
            return TranshipError(
                .conflict,
                "each record that the target has for \(name) is broken",
                hint: "look for broken images of this pipeline at the target")
        }
        return TranshipError(
            .conflict,
            "the target refuses \(name) under each of \(count) ids: \(last.message)",
            hint: isHopeless
                ? "the answer names no id, and the target shows no image that has one: ask its "
                    + "operator why it refuses new images; the next run tries the same ids"
                : "look for deleted images of this pipeline at the target",
            answer: last.answer)
    }
}

extension NewImage {
    /// The record before the first byte. It is private until the image is proved.
    init(_ record: PlannedRecord, id: String, properties: [String: String]) {
        self.init(
            id: id, name: record.name, diskFormat: record.diskFormat,
            containerFormat: record.containerFormat, visibility: .private,
            ownerID: record.ownerID, minRAMMiB: record.minRAMMiB, minDiskGiB: record.minDiskGiB,
            tags: record.tags, properties: properties.mapValues { .string($0) })
    }
}
