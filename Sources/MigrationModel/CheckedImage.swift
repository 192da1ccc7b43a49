// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The record of one image at a target, with all fields that a comparison with its source needs.
public struct TargetRecord: Sendable, Hashable {
    public var image: TargetImage
    public var diskFormat: String?
    public var containerFormat: String?
    public var minDiskGiB: Int
    public var minRAMMiB: Int
    public var tags: [String]
    /// Additional properties as text, in the same form as ``SourceImage/properties``.
    public var properties: [String: String]
    /// The ids of the projects that the image is shared with; nil if they were not requested, or if
    /// our user may not list them.
    public var members: [String]?
    /// The answers of the members by project id: `accepted` or `rejected`. Has no entry for a
    /// project that has not answered.
    public var memberAnswers: [String: String] = [:]

    public init(
        _ image: TargetImage, diskFormat: String?, containerFormat: String?, minDiskGiB: Int = 0,
        minRAMMiB: Int = 0, tags: [String] = [], properties: [String: String] = [:],
        members: [String]? = nil
    ) {
        self.image = image
        self.diskFormat = diskFormat
        self.containerFormat = containerFormat
        self.minDiskGiB = minDiskGiB
        self.minRAMMiB = minRAMMiB
        self.tags = tags
        self.properties = properties
        self.members = members
    }
}

extension TargetRecord {
    /// Returns `accepted`, `rejected`, or `pending` if the project has not answered.
    public func answer(of member: String) -> String { memberAnswers[member] ?? "pending" }
}

/// A field whose value at the target differs from the wanted value.
public struct FieldDifference: Codable, Sendable, Hashable {
    public var field: RecordField
    /// The source's value after the target's rules; nil if the field should have no value.
    public var wanted: String?
    /// The target's value; nil if it has none.
    public var found: String?
    /// The ids of projects that ``wanted`` and ``found`` list; nil for a field that is not about
    /// projects.
    public var projects: Projects?

    public struct Projects: Codable, Sendable, Hashable {
        public var wanted: [String]
        public var found: [String]

        public init(wanted: [String], found: [String]) {
            self.wanted = wanted
            self.found = found
        }
    }

    public init(_ field: RecordField, wanted: String?, found: String?) {
        self.field = field
        self.wanted = wanted
        self.found = found
    }

    /// `name: a -> b`.
    public var words: String { words(naming: [:]) }

    /// Returns ``words`` with the names of projects before their ids: `owner: demo (5d14…) -> other
    /// (90ab…)`.
    public func words(naming names: [String: String]) -> String {
        let cut = CutDifference(wanted ?? "", found ?? "", to: Self.valueCharactersMax)
        func shown(
            _ value: String?, cut: String, _ ids: [String]?, but others: [String]?
        ) -> String {
            guard value != nil else { return "none" }
            guard let ids, !names.isEmpty else { return cut.isEmpty ? "\"\"" : cut }
            // If there are many, the ids that the other side lacks come first.
            let others = Set(others ?? [])
            let ordered =
                ids.count > Self.projectsMax
                ? ids.filter { !others.contains($0) } + ids.filter(others.contains) : ids
            let named = ordered.map { Self.shown($0, names) }
            let more = ids.count > Self.projectsMax ? ", …" : ""
            return ids.isEmpty
                ? "\"\"" : named.prefix(Self.projectsMax).joined(separator: ", ") + more
        }
        let before = shown(wanted, cut: cut.old, projects?.wanted, but: projects?.found)
        let after = shown(found, cut: cut.new, projects?.found, but: projects?.wanted)
        return "\(shownField(names)): \(before) -> \(after)"
    }

    private func shownField(_ names: [String: String]) -> String {
        guard case .answer(let memberID) = field else { return field.words }
        return RecordField.answer(ofMember: Self.shown(memberID, names)).words
    }

    private static func shown(_ id: String, _ names: [String: String]) -> String {
        names[id].map { "\($0.cut(to: 64)) (\(id))" } ?? id
    }

    /// `min_disk 40 instead of 0`.
    var insteadWords: String {
        "\(field.words) \(Self.shown(found)) instead of \(Self.shown(wanted))"
    }

    private static func shown(_ value: String?) -> String {
        guard let value else { return "none" }
        return value.isEmpty ? "\"\"" : value.cut(to: valueCharactersMax)
    }

    /// The ids of projects on both sides; empty for a field that is not about projects.
    public var projectIDs: [String] {
        if case .answer(let memberID) = field { return [memberID] }
        return projects.map { $0.wanted + $0.found } ?? []
    }

    private static let valueCharactersMax = 80
    /// The most projects with names that a message lists.
    private static let projectsMax = 4
}

/// The result of `check` for one image at one target.
public struct CheckedImage: Sendable, Hashable {
    public enum Verdict: String, CaseIterable, Sendable {
        /// The target has a copy with the same data and the same fields.
        case same
        /// The target has no whole copy.
        case missing
        /// The copy has other data or other fields.
        case differs
        /// The target has a copy of ours without an image at the source, or a second copy.
        case extra
        /// All fields are the same, but no checksum is known on both sides.
        case unproved
    }

    public var verdict: Verdict
    /// The name of the image at the source, for people; for an extra image, its name at the target.
    public var name: String
    /// Nil if no source has the image.
    public var sourceKey: String?
    public var targetKey: String
    /// The copy at the target.
    public var imageID: String?
    public var sizeBytes: Int64?
    public var differences: [FieldDifference] = []
    /// The checksums that prove the data.
    public var proofs: [Checksum] = []
    /// The reason for the verdict, or a fact that could not be checked.
    public var note: String?
    /// The known names of the projects whose ids are in ``differences`` and ``note``, by id.
    public var projectNames: [String: String] = [:]
    private var notedProjects: [String] = []

    /// The ids of the projects in ``differences`` and ``note``.
    public var projectIDs: [String] { differences.flatMap(\.projectIDs) + notedProjects }

    /// Adds a sentence to the note.
    ///
    /// - Parameter projects: the ids of the projects in the sentence.
    public mutating func add(note words: String, about projects: [String] = []) {
        note = note.map { "\($0); \(words)" } ?? words
        notedProjects += projects
    }

    public init(
        _ verdict: Verdict, name: String, sourceKey: String?, targetKey: String,
        imageID: String? = nil, sizeBytes: Int64? = nil, note: String? = nil
    ) {
        self.verdict = verdict
        self.name = name
        self.sourceKey = sourceKey
        self.targetKey = targetKey
        self.imageID = imageID
        self.sizeBytes = sizeBytes
        self.note = note
    }
}
