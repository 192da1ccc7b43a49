// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel

extension PlanItem {
    /// Returns the fields in which an image differs from the plan, as the service spells them.
    /// Compares the fields that are kept of every listed image.
    func differences(to image: TargetImage) -> [String] {
        let fields: [(name: String, isEqual: Bool)] = [
            ("name", record.name == nil || record.currentName != nil || image.name == record.name),
            ("visibility", image.visibility == record.visibility),
            ("os_hidden", image.isHidden == record.isHidden),
            ("protected", image.isProtected == record.isProtected),
            ("deactivated", (image.status == .deactivated) == record.isDeactivated),
        ]
        return fields.filter { !$0.isEqual }.map(\.name) + detailsDiffering(from: image)
    }

    /// Returns the differing fields that are kept only of copies of ours. Further tags and
    /// properties of the image do not count: the target or its operator added them.
    func detailsDiffering(from image: TargetImage) -> [String] {
        guard let there = image.details else { return [] }
        let fields: [(name: String, isEqual: Bool)] = [
            ("min_disk", there.minDiskGiB == record.minDiskGiB),
            ("min_ram", there.minRAMMiB == record.minRAMMiB),
            ("tags", Set(record.tags).isSubset(of: there.tags)),
        ]
        return fields.filter { !$0.isEqual }.map(\.name)
            + record.properties.filter { there.properties[$0.key] != $0.value }
            .map { "properties.\($0.key)" }.sorted()
    }

    /// The fields of a copy if no pipeline changed the sizes, tags and properties of its source. A
    /// field that has another value at the target was set by someone, and stays. So do the fields
    /// that users notice: name, visibility, hidden, deactivated and protected.
    var plainFields: RecordFields {
        var fields = record.fields
        fields.wasPublished = true
        fields.minDiskGiB = source.minDiskGiB
        fields.minRAMMiB = source.minRAMMiB
        // A file or a URL has no record: its tags and properties are the pipeline's own.
        let hasRecord = source.imageID != nil
        fields.tags = hasRecord ? Set(source.tags).sorted() : []
        fields.properties = hasRecord ? MetadataRules.properties(of: source) : [:]
        return fields
    }

    /// Notes the formats of a copy that differ from the plan.
    mutating func noteFormats(
        _ there: (disk: String?, container: String?), ofID id: String
    ) {
        let formats: [(name: String, there: String?, planned: String?)] = [
            ("disk_format", there.disk, record.diskFormat),
            ("container_format", there.container, record.containerFormat),
        ]
        var (found, wanted): ([String], [String]) = ([], [])
        for format in formats {
            guard let there = format.there, let planned = format.planned, there != planned else {
                continue
            }
            found.append("\(format.name) \(there)")
            wanted.append("\(format.name) \(planned)")
        }
        guard !found.isEmpty else { return }
        notes.append(
            .otherFormat(
                imageID: id, there: found.joined(separator: ", "),
                planned: wanted.joined(separator: ", ")))
    }

    /// Notes the differing fields of a copy that another pipeline or journal made. The copy keeps
    /// them.
    mutating func note(_ fields: [String], of image: TargetImage) {
        let isDeactivated = image.status == .deactivated && !record.isDeactivated
        let rest = fields.filter { $0 != "deactivated" || !isDeactivated }
        if !rest.isEmpty { notes.append(.otherFields(imageID: image.id, fields: rest)) }
        if isDeactivated { notes.append(.deactivatedAtTarget(imageID: image.id)) }
    }
}
