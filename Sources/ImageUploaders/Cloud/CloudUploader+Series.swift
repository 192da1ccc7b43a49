// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import MigrationModel
internal import OpenStackImage

extension CloudUploader {
    public func images(
        named name: String, ownerID: String?
    ) async throws(TranshipError) -> [TargetImage] {
        var query = ImageQuery(name: .one(name))
        query.ownerID = ownerID
        if ownerID == nil { query.visibility = .all }
        // Some databases ignore case when they compare names.
        return try await service.images(query).all().map { TargetImage($0, targetKey: targetKey) }
            .filter { $0.name == name && $0.isWhole && !$0.isHidden }
    }

    public func carryOut(_ change: Change) async throws(TranshipError) -> Change {
        if change.action == .delete { return try await expire(change) }
        guard let image = try await service.imageIfPresent(change.image.id) else {
            return change.ended(.left, .goneMeanwhile)
        }
        var found = TargetImage(image, targetKey: targetKey)
        var isSecondTry = false
        while true {
            if change.isCarriedOut(on: found) { return change.ended(.done) }
            if let difference = change.difference(of: found) {
                return change.ended(.left, difference)
            }
            do {
                try await apply(change, to: found)
                return change.ended(.done)
            } catch {
                guard let now = await lookAgain(at: change, after: error) else {
                    return try Self.ended(change, error)
                }
                guard !isSecondTry || change.isCarriedOut(on: now) else {
                    return try Self.ended(change, error)
                }
                (found, isSecondTry) = (now, true)
            }
        }
    }

    /// Returns the image after a request whose answer may have been lost: the service may have done
    /// the request, or a part of it. Nil if the error says that it has not, or if the image cannot
    /// be read.
    private func lookAgain(at change: Change, after error: TranshipError) async -> TargetImage? {
        guard error.isTransient, error.code != .interrupted else { return nil }
        do {
            return try await service.imageIfPresent(change.image.id).map {
                TargetImage($0, targetKey: targetKey)
            }
        } catch {
            return nil
        }
    }

    private func apply(_ change: Change, to image: TargetImage) async throws(TranshipError) {
        switch change.action {
        case .hide: _ = try await service.hide(image.id)
        case .deactivate: try await service.deactivate(image.id)
        case .rename, .promote:
            _ = try await service.update(
                image.id, [.replace("name", change.newName.map { .string($0) } ?? .null)])
        case .restore: try await restore(change.record, image)
        case .delete: preconditionFailure("Removal deletes")
        }
    }

    /// Restores the fields of an image. The last step makes it visible again.
    private func restore(
        _ record: PlannedRecord, _ image: TargetImage
    ) async throws(TranshipError) {
        if image.name != record.shownName {
            _ = try await service.update(
                image.id, [.replace("name", record.shownName.map { .string($0) } ?? .null)])
        }
        if image.status == .deactivated, !record.isDeactivated {
            try await service.reactivate(image.id)
        }
        if image.isHidden, !record.isHidden { _ = try await service.unhide(image.id) }
    }

    private func expire(_ change: Change) async throws(TranshipError) -> Change {
        var one = 1
        let outcome = try await Removal.remove(
            under: .expire(change), at: service, deletesLeft: &one, nowUnixSeconds: now() / 1000)
        switch outcome {
        case .removed: return change.ended(.done)
        case .gone: return change.ended(.left, .goneMeanwhile)
        case .changed(let why): return change.ended(.left, why)
        case .failed(let error): return try Self.ended(change, error)
        case .removable, .refused, .toBeFilledAgain:
            preconditionFailure("an expiry is neither dry nor a discard")
        }
    }

    /// - Throws: an error that concerns more than this image.
    private static func ended(
        _ change: Change, _ error: TranshipError
    ) throws(TranshipError) -> Change {
        // A server boots from the image, or a volume is its clone. This is normal: the next run
        // tries again.
        if change.action == .delete, error.code == .conflict {
            return change.ended(.left, .inUse(message: error.message))
        }
        if [.authenticationFailed, .unreachable, .interrupted].contains(error.code) { throw error }
        return change.ended(.failed, failure: error)
    }
}
