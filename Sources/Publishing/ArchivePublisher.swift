// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
package import ImageArchives
public import MigrationModel
public import MigrationPipeline
internal import OpenStackImage

/// The publisher of an archive. It writes an image's final record with all that others see:
/// references, visibility, members, hidden, deactivated, protected.
public struct ArchivePublisher: Publisher {
    let archive: ArchiveFolder
    /// Milliseconds since 1970.
    let now: @Sendable () -> Int64

    package init(archive: ArchiveFolder, now: @escaping @Sendable () -> Int64) {
        self.archive = archive
        self.now = now
    }

    public func publish(
        _ given: Transfer, references: [String: String]
    ) async throws(TranshipError) -> Transfer {
        let text = try given.recordID()
        guard let id = ArchivedID(text),
            let found = try await archive.onThread({ try $0.image(id) })
        else {
            // Someone removed the image after it was proved: copy it again.
            var transfer = given
            transfer.abandonRecord(wasThere: false)
            return transfer
        }
        guard found.isWhole else {
            throw TranshipError(
                .unexpectedState,
                "image \(text) of the archive \(archive.path) was proved and is "
                    + "\(found.record.image.status) now"
                    + (found.dataProblem.map { ": \($0)" } ?? ""),
                hint: "check that disk; the next run copies the image again")
        }
        var (transfer, record, planned) = (given, found.record, given.record)
        if let former = planned.updatedFrom {
            let update = FieldUpdate(of: record.image, from: former, to: planned)
            update.remark(on: &transfer)
            record.take(update.wanted)
            if !update.record.isDeactivated { record.fields["status"] = "active" }
            planned = update.record
        } else {
            let edits = planned.keepingEdits(of: record.image)
            if !edits.kept.isEmpty { transfer.remarkAnew(.setAtTarget(fields: edits.kept)) }
            planned = edits.record
        }
        record.publish(as: planned, references)
        record.members = members(of: given)
        if record != found.record || !found.isPublished {
            record.fields["updated_at"] = .string(Timestamp.text(now()))
            try await archive.onThread { [record] in try $0.publish(id, record) }
        } else {
            try await archive.onThread { try $0.removePending(id) }
        }
        transfer.intent.record.updatedFrom = nil
        return transfer.moved(to: .done)
    }

    /// Returns the members at the source with their answers; none if the record takes no members.
    private func members(of transfer: Transfer) -> [[String: JSONValue]] {
        guard transfer.record.takesMembers else { return [] }
        return transfer.record.projects(for: transfer.members, owner: nil).map { source, target in
            [
                "member_id": .string(target),
                "status": .string(transfer.memberAnswers?[source] ?? "pending"),
            ]
        }
    }
}

extension ArchiveRecord {
    /// Takes over from an image the fields that can still change once the image has data.
    fileprivate mutating func take(_ image: Image) {
        fields = fields.filter { Image.baseKeys.contains($0.key) }
        fields.merge(image.properties) { $1 }
        fields["name"] = image.name.map { .string($0) } ?? .null
        fields["min_disk"] = .integer(Int64(image.minDiskGiB))
        fields["min_ram"] = .integer(Int64(image.minRAMMiB))
        fields["tags"] = .array(image.tags.map { .string($0) })
    }

    fileprivate mutating func publish(as record: PlannedRecord, _ references: [String: String]) {
        for (property, id) in references { fields[property] = .string(id) }
        fields["visibility"] = .string(record.visibility.rawValue)
        fields["os_hidden"] = .bool(record.isHidden)
        fields["protected"] = .bool(record.isProtected)
        if record.isDeactivated { fields["status"] = "deactivated" }
    }
}
