// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import MigrationModel
public import MigrationPipeline
package import OpenStackImage

/// The publisher for an Image service. After the data is proved, it applies the fields that others
/// see: references, deactivated, visibility, members, hidden, protected.
///
/// The service dictates the order: only a `shared` image can get members, and a protected image can
/// no longer be removed if something else fails.
public struct CloudPublisher: Publisher {
    let service: ImageService
    private let recent: RecentImages?
    /// The same Image service with a token of another project; nil if the run has none.
    let inProject: @Sendable (_ projectID: String) -> ImageService?
    /// The function that returns the error of a refused member in clearer words.
    let describing: @Sendable (TranshipError, Transfer) -> TranshipError

    /// - Parameters:
    ///   - service: the Image service of the target.
    ///   - recent: holds the records that were just read to prove them.
    ///   - inProject: returns the same Image service with a token of another project, which may
    ///     accept images for that project.
    ///   - describing: rewords the error of a member that the service refused, and may learn from
    ///     it.
    package init(
        service: ImageService, recent: RecentImages? = nil,
        inProject: @escaping @Sendable (_ projectID: String) -> ImageService? = { _ in nil },
        describing: @escaping @Sendable (TranshipError, Transfer) -> TranshipError = { error, _ in
            error
        }
    ) {
        self.service = service
        self.recent = recent
        self.inProject = inProject
        self.describing = describing
    }

    public func publish(
        _ given: Transfer, references: [String: String]
    ) async throws(TranshipError) -> Transfer {
        let id = try given.recordID()
        if let image = recent?.take(id) {
            do {
                return try await publish(given, at: image, references, isJustRead: true)
            } catch {
                // The image was deleted a moment ago, or something that it needs is missing: read
                // it again.
                guard error.code == .notFound else { throw error }
            }
        }
        guard let image = try await service.imageIfPresent(id) else {
            // Someone deleted the image after it was proved: copy it again.
            var transfer = given
            transfer.abandonRecord()
            return transfer
        }
        return try await publish(given, at: image, references, isJustRead: false)
    }

    /// - Parameter isJustRead: true if an earlier step read the record a moment ago.
    private func publish(
        _ given: Transfer, at image: Image, _ references: [String: String], isJustRead: Bool
    ) async throws(TranshipError) -> Transfer {
        var transfer = given
        let id = image.id
        guard image.status == .active || image.status == .deactivated else {
            // The image was proved, so it has lost its data since.
            throw TranshipError(
                .unexpectedState,
                "image \(id) at the target was proved and is \(image.status) now",
                hint: "look at it with `openstack image show \(id)`; the next run copies it again")
        }
        guard Self.isMarked(image, transfer) else {
            transfer.leaveUnpublished(
                TranshipError(
                    .unpublished,
                    "the copy \(id) is proved but not published: our marker "
                        + "\(Origin.propertyName) is gone from it",
                    hint: Origin.withoutMarker("let its records keep that property")),
                as: LeftCopy(image))
            return transfer
        }
        var last = image
        do throws(TranshipError) {
            let (image, wanted) = try await applyFields(&transfer, to: image)
            let record = wanted.record
            last = image
            try await apply(references, to: image, &last)
            // Do this before others see the image: if the service refuses, the copy stays private.
            if record.isDeactivated, image.status == .active {
                try await service.deactivate(image.id)
            }
            try await applyVisibility(record, to: image, &last)
            // An operator may have edited the visibility, and only a shared image has members.
            if record.visibility == .shared { try await applyMembers(&transfer) }
            // Since the last time, a member may have left the source, or got a line in the table.
            transfer.forgetRemarks(like: .notShared(projectID: ""))
            transfer.forgetRemarks(like: .memberRejected(projectID: ""))
            for note in Self.notShared(transfer) { transfer.remark(note) }
            try await applyFlags(record, to: image, &last)
            noteChanged(&transfer, wanted, references, found: last)
            try await hideReplaced(&transfer)
            transfer.intent.record.updatedFrom = nil
            return transfer.moved(to: .done)
        } catch {
            if isJustRead, error.code == .notFound { throw error }
            // Handle only a refusal that concerns this image.
            guard let answer = error.answer, (400...499).contains(answer.status),
                !error.isTransient, ![.unauthorized, .authenticationFailed].contains(error.code)
            else { throw error }
            transfer.leaveUnpublished(
                TranshipError(
                    .unpublished,
                    "the copy \(id) is proved but not published as planned: \(error.message)",
                    hint: error.hint ?? "give the target's user that right, or change the plan"),
                as: LeftCopy(last))
            return transfer
        }
    }

    /// False if the image had our marker when it got its data and has lost it since. True for a
    /// copy that another journal made and for an image that a plan adopted, since the plan has
    /// judged them, and for a copy that was published before: a remark names its missing marker.
    private static func isMarked(_ image: Image, _ transfer: Transfer) -> Bool {
        transfer.placement.isAdopted || transfer.record.updatedFrom?.wasPublished == true
            || image.properties[Origin.propertyName]?.string == transfer.origin.propertyValue
    }

    /// Sets the references again: kernel and ramdisk may have got new ids since the record was
    /// created.
    private func apply(
        _ references: [String: String], to image: Image, _ last: inout Image
    ) async throws(TranshipError) {
        var operations: [PatchOperation] = []
        for (property, id) in references.sorted(by: { $0.key < $1.key }) {
            if image.properties[property]?.string != id {
                operations.append(.add(property, .string(id)))
            }
        }
        if !operations.isEmpty { last = try await service.update(image.id, operations) }
    }

    private func applyVisibility(
        _ record: PlannedRecord, to image: Image, _ last: inout Image
    ) async throws(TranshipError) {
        guard image.visibility != record.visibility else { return }
        last = try await service.update(
            image.id, [.replace("visibility", .string(record.visibility.rawValue))])
    }

    /// Returns notes about the members at the source that are not in the owner table, or that
    /// rejected the image there.
    private static func notShared(_ transfer: Transfer) -> [Note] {
        guard transfer.record.visibility == .shared, transfer.record.members != .drop else {
            return []
        }
        let rejected = (transfer.memberAnswers ?? [:]).filter {
            Member.Status(rawValue: $0.value) == .rejected
        }
        let notes = rejected.keys.sorted().map { Note.memberRejected(projectID: $0) }
        guard case .map(let table) = transfer.record.members, table["*"] == nil else {
            return notes
        }
        return notes
            + transfer.members.filter { table[$0] == nil }.map { .notShared(projectID: $0) }
    }

    private func applyFlags(
        _ record: PlannedRecord, to image: Image, _ last: inout Image
    ) async throws(TranshipError) {
        if image.isHidden != record.isHidden {
            last = try await service.update(
                image.id, [.replace("os_hidden", .bool(record.isHidden))])
        }
        if image.isProtected != record.isProtected {
            last = try await service.update(
                image.id, [.replace("protected", .bool(record.isProtected))])
        }
    }
}

extension LeftCopy {
    /// The fields of the copy in the service's last answer.
    init(_ image: Image) {
        self.init(
            visibility: image.visibility, isHidden: image.isHidden,
            isProtected: image.isProtected)
    }
}
