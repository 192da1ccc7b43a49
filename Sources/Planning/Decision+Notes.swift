// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel

extension PlanItem {
    /// The fields that an image has otherwise than the plan wants them, as the service spells them.
    /// Of those that a listing is kept with.
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

    /// Those that a listing keeps of copies of ours alone. More tags and properties than the plan
    /// has do not count: the target or its operator added them.
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

    /// What a copy has if no pipeline gave it other sizes, tags and properties than its source has.
    /// A field at the target with another value was set by someone, and stays. So do the fields that
    /// others notice: name, visibility, hidden, deactivated and protected.
    var plainFields: RecordFields {
        var fields = record.fields
        fields.wasPublished = true
        fields.minDiskGiB = source.minDiskGiB
        fields.minRAMMiB = source.minRAMMiB
        // Those of a file or an address are the pipeline's own.
        let hasRecord = source.imageID != nil
        fields.tags = hasRecord ? Set(source.tags).sorted() : []
        fields.properties = hasRecord ? MetadataRules.properties(of: source) : [:]
        return fields
    }

    /// Notes the formats of a copy that are not those of the plan.
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

    /// Notes the fields of a copy that another pipeline or journal made, and that it keeps.
    mutating func note(_ fields: [String], of image: TargetImage) {
        let isDeactivated = image.status == .deactivated && !record.isDeactivated
        let rest = fields.filter { $0 != "deactivated" || !isDeactivated }
        if !rest.isEmpty { notes.append(.otherFields(imageID: image.id, fields: rest)) }
        if isDeactivated { notes.append(.deactivatedAtTarget(imageID: image.id)) }
    }
}
