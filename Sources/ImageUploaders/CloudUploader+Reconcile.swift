// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import MigrationModel
public import MigrationPipeline
internal import OpenStackImage

extension CloudUploader {
    /// How long a body of a dead process may keep its record busy before the
    /// record is given up, in looks one second apart. Services end a body whose
    /// connection died within a second, and a stalled one after their socket's
    /// time-out, commonly 60 s.
    static let busyLooksMax = 75

    /// One rule for each state in which the record can be found.
    ///
    /// | the image is | what follows |
    /// |---|---|
    /// | not there | its id may be burned; it is created again or under the next id |
    /// | `queued`, without data | the body is sent into the same record |
    /// | `queued`, with a checksum | spoiled by a refused body: discarded, next id |
    /// | `saving`, `uploading` | a body that still arrives: looked at again |
    /// | `importing` | the service works on it: waited for |
    /// | `active`, `deactivated` | all data is there: compared |
    /// | `killed`, `deleted`, `pending_delete`, … | discarded, next id |
    ///
    /// A record under a kept id is never discarded: what would be ends as
    /// ``MigrationError/Code/idBlocked``, or goes on under a derived id
    /// (`keep_id: prefer`).
    public func reconcile(
        _ given: Transfer
    ) async throws(MigrationError) -> Reconciliation {
        var transfer = given
        let id = try imageID(transfer)
        let service = try service(transfer.targetKey)
        let image: Image
        do {
            image = try await service.image(id)
        } catch {
            guard error.code == .notFound else { throw error }
            // Intended and never created, or deleted since. Which of both the
            // create call tells: a deleted id is refused for ever.
            if transfer.state != .registered { transfer.move(to: .registered) }
            transfer.isAdopted = nil
            return .send(transfer)
        }
        return try await reconcile(transfer, with: image)
    }

    /// The same for a record that was found.
    func reconcile(
        _ given: Transfer, with image: Image
    ) async throws(MigrationError) -> Reconciliation {
        var transfer = given
        if transfer.holdsKeptID, !isOurs(image, transfer) {
            return .send(try withoutKeptID(transfer, "it is \(Self.words(image))"))
        }
        try checkOurs(image, transfer)
        switch image.status.rawValue {
        case "queued":
            if image.checksum != nil || image.hashValue != nil {
                return .send(
                    try await startOver(
                        transfer,
                        "the service keeps the checksum of a body that it refused on its record, "
                            + "and takes no other"))
            }
            if transfer.state != .registered { transfer.move(to: .registered) }
            return .send(transfer)
        case "saving", "uploading":
            return try await busy(transfer, status: image.status.rawValue)
        case "importing":
            if transfer.state != .importing { transfer.move(to: .importing) }
            return .proceed(transfer)
        case "active", "deactivated":
            // What was sent, where it is known, is compared with what is there.
            transfer.sizeBytes = transfer.sizeBytes ?? image.sizeBytes
            if transfer.state != .verifying { transfer.move(to: .verifying) }
            return .proceed(transfer)
        default:
            return .send(
                try await startOver(transfer, "its record is \(image.status.rawValue)"))
        }
    }

    private func busy(
        _ given: Transfer, status: String
    ) async throws(MigrationError) -> Reconciliation {
        var transfer = given
        let looks = (transfer.busyLooks ?? 0) + 1
        if looks > Self.busyLooksMax {
            if status == "uploading", transfer.holdsKeptID {
                // Staged by a life that did not come to ask for the import. Its
                // record cannot be had anew, so what is staged is imported, and
                // then compared as any other.
                transfer.move(to: .importing)
                return .proceed(transfer)
            }
            return .send(
                try await startOver(
                    transfer, "its record has been \(status) for more than \(Self.busyLooksMax) s"))
        }
        transfer.busyLooks = looks
        return .snooze(
            transfer, seconds: looks < 5 ? 0.3 : 1,
            reason: "the target still holds a body that broke off (\(status))")
    }

    /// Discards the record and takes the next id: ids are never given out twice.
    private func startOver(
        _ given: Transfer, _ reason: String
    ) async throws(MigrationError) -> Transfer {
        if given.holdsKeptID { return try withoutKeptID(given, reason) }
        var transfer = given
        try await discard(transfer)
        transfer.abandonRecord()
        return transfer
    }

    /// What follows when the source's id cannot be had at the target. Whatever
    /// record has it stays: a deleted one would take the id with it for ever.
    func withoutKeptID(
        _ given: Transfer, _ reason: String
    ) throws(MigrationError) -> Transfer {
        guard given.record.keptID == .preferred else {
            throw MigrationError(
                .idBlocked,
                "id \(given.imageID ?? "?") cannot be had at the target: \(reason)",
                hint: "nothing was deleted; with keep_id: prefer the copy gets another id")
        }
        var transfer = given
        transfer.giveUpKeptID(reason)
        return transfer
    }

    /// Whose an image is that stands in the way, for messages.
    static func words(_ image: Image) -> String {
        "the id of another image, \"\(image.name ?? "")\""
            + (image.ownerID.map { " of project \($0)" } ?? "")
    }

    func isOurs(_ image: Image, _ transfer: Transfer) -> Bool {
        image.properties[Origin.propertyName]?.string == transfer.origin.propertyValue
    }

    func checkOurs(_ image: Image, _ transfer: Transfer) throws(MigrationError) {
        guard isOurs(image, transfer) else {
            let marker = image.properties[Origin.propertyName]?.string
            throw MigrationError(
                .targetConflict,
                "image \(image.id) at the target is somebody else's: its \(Origin.propertyName) is "
                    + (marker.map { "\"\($0)\"" } ?? "missing"),
                hint: "look at it with `openstack image show \(image.id)`; it was not touched")
        }
    }
}
