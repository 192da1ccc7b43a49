// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics

/// A comparison of a copy's record with the record that the source and the target's rules want.
/// Pure.
public struct RecordComparison: Sendable {
    public let wanted: PlannedRecord
    /// Other names that the copy may have: from a template with `{date}`, or from another version.
    public var otherNames: [String?] = []
    /// The ids at the target of the images that the record names, by property; nil for an image
    /// without a copy.
    public var references: [String: String?] = [:]
    /// The projects at the target that the image is shared with; nil if they are not compared.
    public var members: [String]?
    /// The projects in ``members`` whose answer at the target has to be `accepted`.
    public var accepted: [String] = []
    /// The projects in ``members`` whose answer has to be `pending`.
    public var pending: [String] = []
    /// The stores that lack the data.
    public var missingStores: [String] = []

    public init(
        wanted: PlannedRecord, otherNames: [String?] = [], references: [String: String?] = [:],
        members: [String]? = nil, missingStores: [String] = []
    ) {
        self.wanted = wanted
        self.otherNames = otherNames
        self.references = references
        self.members = members
        self.missingStores = missingStores
    }

    public func differences(_ found: TargetRecord) -> [FieldDifference] {
        var differences: [FieldDifference] = []
        func compare(_ field: RecordField, _ wanted: String?, _ found: String?) {
            guard wanted != found else { return }
            differences.append(FieldDifference(field, wanted: wanted, found: found))
        }
        func compareProjects(_ field: RecordField, _ wanted: [String], _ found: [String]?) {
            compare(field, Self.list(wanted), found.map(Self.list))
            guard let last = differences.indices.last, differences[last].field == field else {
                return
            }
            differences[last].projects = .init(
                wanted: wanted.sorted(), found: found?.sorted() ?? [])
        }
        if !otherNames.contains(found.image.name) {
            compare(.name, wanted.shownName, found.image.name)
        }
        if !wanted.acceptsTransformed {
            compare(.diskFormat, wanted.diskFormat, found.diskFormat)
            compare(.containerFormat, wanted.containerFormat, found.containerFormat)
        }
        compare(.minDisk, "\(wanted.minDiskGiB)", "\(found.minDiskGiB)")
        compare(.minRAM, "\(wanted.minRAMMiB)", "\(found.minRAMMiB)")
        compare(.tags, Self.list(wanted.tags), Self.list(found.tags))
        if let owner = wanted.ownerID {
            compareProjects(.owner, [owner], found.image.ownerID.map { [$0] })
        }
        compare(.visibility, wanted.visibility.rawValue, found.image.visibility.rawValue)
        if let members, let has = found.members {
            compareProjects(.members, members, has)
            let answers =
                accepted.sorted().map { ($0, "accepted") }
                + pending.sorted().map { ($0, "pending") }
            for (member, wanted) in answers where has.contains(member) {
                let answer = found.answer(of: member)
                guard answer != wanted else { continue }
                differences.append(
                    FieldDifference(.answer(ofMember: member), wanted: wanted, found: answer))
            }
        }
        compare(.hidden, "\(wanted.isHidden)", "\(found.image.isHidden)")
        compare(
            .deactivated, "\(wanted.isDeactivated)", "\(found.image.status == .deactivated)")
        compare(.protected, "\(wanted.isProtected)", "\(found.image.isProtected)")
        if !missingStores.isEmpty {
            compare(
                .stores, Self.list(found.image.stores + missingStores),
                Self.list(found.image.stores))
        }
        return differences + propertyDifferences(found)
    }

    private func propertyDifferences(_ found: TargetRecord) -> [FieldDifference] {
        var want = wanted.properties
        for (property, id) in references { want[property] = id ?? "a copy that is missing" }
        // The target's service writes these properties itself.
        let has = found.properties.filter { key, _ in
            key != Origin.propertyName && (want[key] != nil || !key.hasPrefix("os_glance"))
        }
        return Set(want.keys).union(has.keys).sorted().compactMap { key in
            want[key] == has[key]
                ? nil : FieldDifference(.property(key), wanted: want[key], found: has[key])
        }
    }

    /// Joins words in alphabetical order: the services list tags, members and stores in any order.
    private static func list(_ words: [String]) -> String { words.sorted().joined(separator: ", ") }
}
