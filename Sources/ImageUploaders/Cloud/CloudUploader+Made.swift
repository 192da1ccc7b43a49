// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import MigrationModel
internal import OpenStackImage

/// Compares a record that the service has just made with our request, so that a difference that
/// matters is found before the first byte is sent.
extension CloudUploader {
    /// The number of records made with a checksum or stores in them after which the target counts
    /// as one that makes all records like that.
    static let spoiledMax = 3

    /// Returns the record if it may be filled: with our marker, in the project of the copy, and
    /// private.
    ///
    /// - Throws: ``TranshipError/Code/forbidden`` without the marker;
    ///   ``TranshipError/Code/targetConflict`` in another project or if the record stays visible.
    ///   The record is removed then.
    func checked(
        _ made: Image, _ transfer: Transfer, project: String?
    ) async throws(TranshipError) -> Image {
        let owner = transfer.record.ownerID ?? project
        func isAsAsked(_ image: Image) -> Bool {
            image.isMarked(as: transfer.origin) && image.belongs(to: owner)
                && image.visibility == .private
        }
        if isAsAsked(made) { return made }
        // The answer to a POST may contain less than the record.
        let image = try await service.imageIfPresent(made.id) ?? made
        if !image.isMarked(as: transfer.origin) {
            throw await unmade(
                transfer,
                TranshipError(
                    .forbidden,
                    "the target makes record \(image.id) without our marker \(Origin.propertyName)",
                    hint: Origin.withoutMarker("let its records keep that property")))
        }
        if !image.belongs(to: owner) {
            throw await unmade(
                transfer,
                TranshipError(
                    .targetConflict,
                    "the target makes record \(image.id) in project \(image.ownerID ?? "?"), not in "
                        + "\(owner ?? "?")",
                    hint: "ask the target's operator; nothing was sent, because that project "
                        + "would own the copy"))
        }
        do {
            return try await madePrivate(image)
        } catch {
            // It is not known if the record is private. A later try looks again.
            if error.isTransient { throw error }
            throw await unmade(transfer, error)
        }
    }

    /// Makes an empty record private before data goes into it.
    ///
    /// - Returns: the record as the service shows it afterwards.
    /// - Throws: ``TranshipError/Code/targetConflict`` if it does not become private.
    func madePrivate(_ image: Image) async throws(TranshipError) -> Image {
        guard image.visibility != .private else { return image }
        func seen(_ words: String) -> TranshipError {
            TranshipError(
                .targetConflict,
                "the target's empty record \(image.id) is \(image.visibility), \(words)",
                hint: "ask the target's operator why its new images are not private; nothing was "
                    + "sent, because others would see the copy before it is proved")
        }
        do {
            _ = try await service.update(
                image.id,
                [.replace("visibility", .string(ImageVisibility.private.rawValue))])
        } catch {
            guard let answer = error.answer, (400...499).contains(answer.status),
                !error.isTransient, error.code != .unauthorized
            else { throw error }
            throw seen("and does not become private: \(error.message)")
        }
        let now = try await service.image(image.id)
        guard now.visibility == .private else {
            throw seen("where private was asked for, twice")
        }
        return now
    }

    /// Stops the making of records in this run, because each new record has a checksum or stores in
    /// it. Removes the last one, and returns the error.
    func stopped(_ image: Image, _ transfer: Transfer) async -> TranshipError {
        let error = TranshipError(
            .targetConflict,
            "the target's new records have \(image.spoilingWords) before any data: what is sent "
                + "into such a record may not be what the target serves",
            hint: "ask the target's operator; nothing was sent")
        rights.withLock { $0.learn(fromRecords: error) }
        return await unmade(transfer, error)
    }

    /// Removes a record without data that the service has just made.
    ///
    /// - Returns: the error, with a note if the record is still there.
    private func unmade(_ transfer: Transfer, _ error: TranshipError) async -> TranshipError {
        var unlimited = Int.max
        let outcome: Removal.Outcome
        do throws(TranshipError) {
            outcome = try await Removal.remove(
                under: .unmake(transfer), at: service, deletesLeft: &unlimited,
                nowUnixSeconds: now() / 1000)
        } catch let obstacle {
            outcome = .failed(obstacle)
        }
        switch outcome {
        case .removed, .gone: return error
        case .removable, .refused, .changed, .toBeFilledAgain, .failed:
            return error.adding(
                "; the empty record \(transfer.imageID ?? "?") is still there")
        }
    }
}

extension Image {
    fileprivate func isMarked(as origin: Origin) -> Bool {
        properties[Origin.propertyName]?.string == origin.propertyValue
    }

    /// True also if one of the two is not known. Services write an id with or without hyphens.
    fileprivate func belongs(to owner: String?) -> Bool {
        guard let owner, let ownerID, !owner.isEmpty, !ownerID.isEmpty else { return true }
        return ProjectID.areEqual(owner, ownerID)
    }

    /// The fields that make the image spoiled (``isSpoiled``), with their values.
    fileprivate var spoilingWords: String {
        [
            ("checksum", checksum), ("os_hash_value", hashValue),
            ("stores", stores.joined(separator: ",")),
        ].compactMap { key, value in
            value.flatMap { $0.isEmpty ? nil : "\(key) \($0.cut(to: 40))" }
        }.joined(separator: ", ")
    }
}
