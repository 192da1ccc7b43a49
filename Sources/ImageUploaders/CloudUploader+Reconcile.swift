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
        try checkOurs(image, transfer)
        switch image.status.rawValue {
        case "queued":
            if image.checksum != nil || image.hashValue != nil {
                return .send(try await startOver(transfer))
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
            return .send(try await startOver(transfer))
        }
    }

    private func busy(
        _ given: Transfer, status: String
    ) async throws(MigrationError) -> Reconciliation {
        var transfer = given
        let looks = (transfer.busyLooks ?? 0) + 1
        if looks > Self.busyLooksMax {
            return .send(try await startOver(transfer))
        }
        transfer.busyLooks = looks
        return .snooze(
            transfer, seconds: looks < 5 ? 0.3 : 1,
            reason: "the target still holds a body that broke off (\(status))")
    }

    /// Discards the record and takes the next id: ids are never given out twice.
    private func startOver(_ given: Transfer) async throws(MigrationError) -> Transfer {
        var transfer = given
        try await discard(transfer)
        transfer.abandonRecord()
        return transfer
    }

    func checkOurs(_ image: Image, _ transfer: Transfer) throws(MigrationError) {
        let marker = image.properties[Origin.propertyName]?.string
        guard marker == transfer.origin.propertyValue else {
            throw MigrationError(
                .targetConflict,
                "image \(image.id) at the target is somebody else's: its \(Origin.propertyName) is "
                    + (marker.map { "\"\($0)\"" } ?? "missing"),
                hint: "look at it with `openstack image show \(image.id)`; it was not touched")
        }
    }
}
