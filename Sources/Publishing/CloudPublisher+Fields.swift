// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import OpenStackImage

extension CloudPublisher {
    /// Brings a published copy to the fields that its source has now. What someone edited at the
    /// target stays: a field that has neither the value that it was published with nor the new one.
    /// Of a copy that was not published yet, it has neither the value of a new record nor the
    /// planned one.
    ///
    /// - Returns: the image as it is then, and what it should be when it is published.
    func applyFields(
        _ transfer: inout Transfer, to image: Image
    ) async throws(TranshipError) -> (Image, WantedImage) {
        guard let former = transfer.record.updatedFrom else {
            nameOthers(&transfer, image)
            let (record, kept) = transfer.record.keepingEdits(of: image)
            if !kept.isEmpty { transfer.remarkAnew(.setAtTarget(fields: kept)) }
            return (image, WantedImage(record, madeAs: image))
        }
        let update = FieldUpdate(of: image, from: former, to: transfer.record)
        update.remark(on: &transfer)

        let operations = PatchOperation.changes(from: image, to: update.wanted)
        let updated = operations.isEmpty ? image : try await service.update(image.id, operations)
        nameOthers(&transfer, updated)
        if image.status == .deactivated, !update.record.isDeactivated {
            try await service.reactivate(image.id)
        }
        return (updated, WantedImage(record: update.record, fields: update.wanted))
    }

    /// Names the fields of a copy that another journal made, as far as publishing does not set them.
    private func nameOthers(_ transfer: inout Transfer, _ image: Image) {
        guard transfer.placement.isAdopted else { return }
        let record = transfer.record
        var fields: [String] = []
        if let name = record.fields.name, name != image.name { fields.append("name") }
        if record.minDiskGiB != image.minDiskGiB { fields.append("min_disk") }
        if record.minRAMMiB != image.minRAMMiB { fields.append("min_ram") }
        if !Set(record.tags).isSubset(of: image.tags) { fields.append("tags") }
        fields += record.properties.filter { image.properties[$0.key]?.string != $0.value }
            .map { "properties.\($0.key)" }.sorted()
        if !fields.isEmpty { transfer.remarkAnew(.otherFields(imageID: image.id, fields: fields)) }
    }
}

extension CloudPublisher {
    /// Differences that a remark lists.
    private static let differencesMax = 8

    /// Remarks on what the target made otherwise than it was asked to, as its last answer shows it.
    /// What it adds does not count. For a copy that another journal made, see ``nameOthers(_:_:)``.
    func noteChanged(
        _ transfer: inout Transfer, _ wanted: WantedImage, _ references: [String: String],
        found image: Image
    ) {
        guard !transfer.placement.isAdopted else { return }
        let differences = wanted.differences(
            image, references, marker: transfer.origin.propertyValue)
        let shown = Array(differences.prefix(Self.differencesMax))
        let changed = Note.changedByTarget(
            imageID: image.id, shown, more: differences.count - shown.count)
        transfer.forgetRemarks(like: changed)
        if !shown.isEmpty { transfer.remark(changed) }
    }
}

/// What an image should be at the end of publishing.
struct WantedImage {
    /// For its visibility and its flags.
    let record: PlannedRecord
    /// For the rest: the name, the sizes, the tags and the properties.
    let fields: Image
}

extension WantedImage {
    /// As a new record was asked for.
    init(_ record: PlannedRecord, madeAs image: Image) {
        var fields = image
        // A series gives its copies their names later.
        if let name = record.fields.name { fields.name = name }
        fields.minDiskGiB = record.minDiskGiB
        fields.minRAMMiB = record.minRAMMiB
        fields.tags = record.tags
        for (key, value) in record.properties { fields.properties[key] = .string(value) }
        self.init(record: record, fields: fields)
    }

    /// The fields that an image has otherwise, as the service spells them, with what was asked for.
    ///
    /// - Parameter marker: the value of our property.
    func differences(
        _ image: Image, _ references: [String: String], marker: String
    ) -> [FieldDifference] {
        var found: [FieldDifference] = []
        func compare(_ field: RecordField, _ wanted: String?, _ has: String?) {
            guard wanted ?? "" != has ?? "" else { return }
            // It goes into the journal. The largest values are tens of thousands of characters.
            found.append(
                FieldDifference(field, wanted: wanted?.cut(to: 255), found: has?.cut(to: 255)))
        }
        compare(.name, fields.name, image.name)
        if !record.acceptsTransformed {
            if let wanted = record.diskFormat { compare(.diskFormat, wanted, image.diskFormat) }
            if let wanted = record.containerFormat {
                compare(.containerFormat, wanted, image.containerFormat)
            }
        }
        compare(.minDisk, "\(fields.minDiskGiB)", "\(image.minDiskGiB)")
        compare(.minRAM, "\(fields.minRAMMiB)", "\(image.minRAMMiB)")
        if !Set(fields.tags).isSubset(of: image.tags) {
            compare(
                .tags, fields.tags.sorted().joined(separator: ", "),
                image.tags.sorted().joined(separator: ", "))
        }
        compare(.visibility, record.visibility.rawValue, image.visibility.rawValue)
        compare(.hidden, "\(record.isHidden)", "\(image.isHidden)")
        compare(.protected, "\(record.isProtected)", "\(image.isProtected)")
        var wanted = fields.propertyTexts.filter { record.properties[$0.key] != nil }
        wanted.merge(references) { $1 }
        wanted[Origin.propertyName] = marker
        let has = image.propertyTexts
        for (key, value) in wanted.sorted(by: { $0.key < $1.key }) {
            compare(.property(key), value, has[key])
        }
        return found
    }
}

/// What becomes of a published copy whose source has other fields now. The same at every kind of
/// target.
struct FieldUpdate {
    /// The image with the name, the sizes, the tags and the properties that it gets.
    private(set) var wanted: Image
    /// The record for what publishing does after this: with the target's value where that stays.
    private(set) var record: PlannedRecord
    /// The fields whose value at the target stays.
    let kept: [String]
    /// The same, of a copy that was not published yet.
    let set: [String]

    /// - Parameter former: the fields that the copy was published with.
    init(of image: Image, from former: RecordFields, to planned: PlannedRecord) {
        var merge = FieldMerge()
        wanted = image
        record = planned
        merge.set("name", &wanted.name, from: former.name, to: record.fields.name)
        merge.set("min_disk", &wanted.minDiskGiB, from: former.minDiskGiB, to: record.minDiskGiB)
        merge.set("min_ram", &wanted.minRAMMiB, from: former.minRAMMiB, to: record.minRAMMiB)
        var tags = Set(image.tags).sorted()
        merge.set("tags", &tags, from: former.tags, to: record.fields.tags)
        if tags != Set(image.tags).sorted() { wanted.tags = tags }
        for key in Set(former.properties.keys).union(record.properties.keys).sorted() {
            merge.set(
                "properties.\(key)", &wanted.properties[key],
                from: former.properties[key].map(JSONValue.string),
                to: record.properties[key].map(JSONValue.string))
        }
        guard former.wasPublished else {
            kept = merge.kept
            (record, set) = planned.keepingEdits(of: image, before: former)
            return
        }
        merge.setFlags(of: &record, from: former, at: image)
        (kept, set) = (merge.kept, [])
    }

    func remark(on transfer: inout Transfer) {
        if !kept.isEmpty { transfer.remarkAnew(.editedAtTarget(fields: kept)) }
        if !set.isEmpty { transfer.remarkAnew(.setAtTarget(fields: set)) }
    }
}

extension PlannedRecord {
    /// The record with what someone set on a copy that is not published yet: a value that neither a
    /// new record has nor this plan or the one before it gives.
    ///
    /// - Parameter former: what an earlier plan would have published it with.
    /// - Returns: also the fields whose value at the target stays.
    func keepingEdits(
        of image: Image, before former: RecordFields? = nil
    ) -> (record: PlannedRecord, kept: [String]) {
        var record = self
        var kept: [String] = []
        if ![.private, visibility, former?.visibility].contains(image.visibility) {
            record.visibility = image.visibility
            kept.append("visibility")
        }
        if image.isHidden, !isHidden, former?.isHidden != true {
            record.isHidden = true
            kept.append("os_hidden")
        }
        if image.isProtected, !isProtected, former?.isProtected != true {
            record.isProtected = true
            kept.append("protected")
        }
        if image.status == .deactivated, !isDeactivated, former?.isDeactivated != true {
            record.isDeactivated = true
            kept.append("deactivated")
        }
        return (record, kept)
    }
}

/// Decides field by field whether the target's value gives way.
private struct FieldMerge {
    /// The fields whose value at the target stays.
    private(set) var kept: [String] = []

    mutating func set<Value: Equatable>(
        _ field: String, _ value: inout Value, from former: Value, to new: Value
    ) {
        guard former != new, value != new else { return }
        if value == former { value = new } else { kept.append(field) }
    }

    /// What publishing applies after this: where the target's value stays, it applies that one.
    mutating func setFlags(
        of record: inout PlannedRecord, from former: RecordFields, at image: Image
    ) {
        var visibility = image.visibility
        set("visibility", &visibility, from: former.visibility, to: record.visibility)
        record.visibility = visibility
        var isHidden = image.isHidden
        set("os_hidden", &isHidden, from: former.isHidden, to: record.isHidden)
        record.isHidden = isHidden
        var isProtected = image.isProtected
        set("protected", &isProtected, from: former.isProtected, to: record.isProtected)
        record.isProtected = isProtected
        var isDeactivated = image.status == .deactivated
        set("deactivated", &isDeactivated, from: former.isDeactivated, to: record.isDeactivated)
        record.isDeactivated = isDeactivated
    }
}
