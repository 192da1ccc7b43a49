// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import MigrationModel
public import MigrationPipeline
public import OpenStackImage

/// Applies what others see, after the data is proved: the images that it names,
/// visibility, members, hidden, deactivated, protected.
///
/// The order is fixed by the service: members can be added to a `shared` image
/// only, and a protected image can no longer be removed if something else fails.
public struct CloudPublisher: Publisher {
    public static let name = StageName.publish

    let targets: [String: ImageService]
    /// Finds where an image of the same plan stands at a target.
    let placed:
        @Sendable (_ sourceKey: String, _ targetKey: String)
            async throws(TranshipError) -> Transfer?

    /// - Parameters:
    ///   - targets: the services by target key.
    ///   - placed: the journal's transfer of another source image to a target.
    public init(
        targets: [String: ImageService],
        placed:
            @escaping @Sendable (_ sourceKey: String, _ targetKey: String)
            async throws(TranshipError) -> Transfer?
    ) {
        self.targets = targets
        self.placed = placed
    }

    public func publish(_ given: Transfer) async throws(TranshipError) -> Transfer {
        var transfer = given
        guard let service = targets[transfer.targetKey], let id = transfer.imageID else {
            throw TranshipError(
                .invalidPipeline, "the pipeline has no target \(transfer.targetKey) any more",
                hint: "put the target back, or start with another --journal")
        }
        let image: Image
        do {
            image = try await service.image(id)
        } catch {
            guard error.code == .notFound else { throw error }
            // Somebody removed it since it was proved: copied again.
            transfer.abandonRecord()
            return transfer
        }
        guard image.status == .active || image.status == .deactivated else {
            // It was proved, so its data has got lost since.
            throw TranshipError(
                .unexpectedState,
                "image \(id) at the target was proved and is \(image.status) now",
                hint: "look at it with `openstack image show \(id)`; the next run copies it again")
        }
        do throws(TranshipError) {
            try await applyReferences(transfer, to: image, service)
            try await applyVisibility(transfer.record, to: image, service)
            try await applyMembers(transfer, service)
            transfer.remarks += Self.unmapped(transfer)
            try await applyFlags(transfer.record, to: image, service)
            return transfer.moved(to: .done)
        } catch {
            // What the service refused of this image, and nothing else.
            guard let answer = error.answer, (400...499).contains(answer.status),
                !error.isTransient, answer.status != 401, error.code != .authenticationFailed
            else { throw error }
            transfer.leaveUnpublished(
                TranshipError(
                    .unpublished,
                    "the copy \(id) is proved but not published as planned: \(error.message)",
                    hint: error.hint ?? "give the target's user that right, or plan it otherwise"))
            return transfer
        }
    }

    /// Kernel and ramdisk may have come back under other ids since the record
    /// was written.
    private func applyReferences(
        _ transfer: Transfer, to image: Image, _ service: ImageService
    ) async throws(TranshipError) {
        var operations: [PatchOperation] = []
        for (property, sourceKey) in transfer.record.references.sorted(by: { $0.key < $1.key }) {
            guard let other = try await placed(sourceKey, transfer.targetKey),
                let id = other.imageID, [.done, .unpublished, .skipped].contains(other.state)
            else {
                throw TranshipError(
                    .dependencyFailed, "its \(property) \(sourceKey) could not be copied",
                    hint: "see to that image first; this one is tried again in the next run")
            }
            if image.properties[property]?.string != id {
                operations.append(.add(property, .string(id)))
            }
        }
        if !operations.isEmpty { _ = try await service.update(image.id, operations) }
    }

    private func applyVisibility(
        _ record: PlannedRecord, to image: Image, _ service: ImageService
    ) async throws(TranshipError) {
        guard image.visibility != record.visibility else { return }
        _ = try await service.update(
            image.id, [.replace("visibility", .string(record.visibility.rawValue))])
    }

    private func applyMembers(
        _ transfer: Transfer, _ service: ImageService
    ) async throws(TranshipError) {
        guard transfer.record.visibility == .shared, let id = transfer.imageID else { return }
        let wanted = transfer.record.projects(for: transfer.members)
        guard !wanted.isEmpty else { return }
        let present = Set(try await service.members(of: id).map(\.memberID))
        for project in wanted where !present.contains(project) {
            do {
                _ = try await service.addMember(id, projectID: project)
            } catch {
                // 409: it is one already.
                guard error.code == .conflict else { throw error }
            }
        }
    }

    /// Members at the source whom the owner table does not know.
    private static func unmapped(_ transfer: Transfer) -> [String] {
        guard transfer.record.visibility == .shared,
            case .map(let table) = transfer.record.members, table["*"] == nil
        else { return [] }
        return transfer.members.filter { table[$0] == nil }.map {
            "not shared with \($0): the owner table does not map that project"
        }
    }

    private func applyFlags(
        _ record: PlannedRecord, to image: Image, _ service: ImageService
    ) async throws(TranshipError) {
        if image.isHidden != record.isHidden {
            _ = try await service.update(image.id, [.replace("os_hidden", .bool(record.isHidden))])
        }
        if record.isDeactivated, image.status == .active {
            try await service.deactivate(image.id)
        }
        if image.isProtected != record.isProtected {
            _ = try await service.update(
                image.id, [.replace("protected", .bool(record.isProtected))])
        }
    }
}

extension PlannedRecord {
    /// The projects at the target for the members at the source.
    func projects(for members: [String]) -> [String] {
        switch self.members {
        case .drop: []
        case .keep: members
        case .map(let table): members.compactMap { table[$0] ?? table["*"] }
        }
    }
}
