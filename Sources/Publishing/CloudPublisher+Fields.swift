// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import OpenStackImage

extension CloudPublisher {
    /// Updates a copy to the fields that its source has now. Keeps edits made at the target: in a
    /// published copy, a value that is neither the one it was published with nor the new one; in a
    /// copy that was not published yet, a value that is neither that of a new record nor the
    /// planned one.
    ///
    /// - Returns: the updated image, and the values that it should have when it is published.
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

    /// Remarks on the different fields of a copy that another journal made, except those that
    /// publishing sets.
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
    /// The maximum number of differences that a remark lists.
    private static let differencesMax = 8

    /// Remarks on the fields that the target's last answer shows with other values than we asked
    /// for. Ignores fields that the target adds. For a copy that another journal made, see
    /// ``nameOthers(_:_:)``.
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

/// The values that an image should have at the end of publishing.
struct WantedImage {
    /// The wanted visibility and flags.
    let record: PlannedRecord
    /// The other wanted fields: the name, the sizes, the tags and the properties.
    let fields: Image
}

extension WantedImage {
    /// The values that we asked for when we created the record.
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

    /// Returns the fields in which an image differs, named as the service names them, with the
    /// value that we asked for.
    ///
    /// - Parameter marker: the value of our property.
    func differences(
        _ image: Image, _ references: [String: String], marker: String
    ) -> [FieldDifference] {
        var found: [FieldDifference] = []
        func compare(_ field: RecordField, _ wanted: String?, _ has: String?) {
            guard wanted ?? "" != has ?? "" else { return }
            // The journal stores the value, and the largest ones have tens of thousands of
            // characters.
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

/// The update of a copy whose source has other fields since the last plan. All kinds of targets use
/// it.
struct FieldUpdate {
    /// The image with the name, sizes, tags and properties that it should get.
    private(set) var wanted: Image
    /// The record for the later steps of publishing, with the target's value for each field that
    /// keeps it.
    private(set) var record: PlannedRecord
    /// The fields that keep the target's value in a published copy.
    let kept: [String]
    /// The fields that keep the target's value in a copy that was not published yet.
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
    /// Returns the record with the values that someone set on a copy that is not published yet.
    /// Such a value is neither that of a new record nor the one in this plan or the plan before it.
    ///
    /// - Parameter former: the fields with which an earlier plan would have published the copy.
    /// - Returns: also the fields that keep the target's value.
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

/// The choice, for each field, between the target's value and the new one.
private struct FieldMerge {
    /// The fields that keep the target's value.
    private(set) var kept: [String] = []

    mutating func set<Value: Equatable>(
        _ field: String, _ value: inout Value, from former: Value, to new: Value
    ) {
        guard former != new, value != new else { return }
        if value == former { value = new } else { kept.append(field) }
    }

    /// Sets the flags that publishing applies next: the target's value for each field that keeps
    /// it.
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
