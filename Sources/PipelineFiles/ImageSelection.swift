// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The conditions that select images of a cloud. An image must meet all of them.
///
/// For names, ids, visibilities and statuses, one entry of the list must match. For tags and
/// properties, all entries must.
public struct ImageSelection: Sendable, Equatable {
    public enum Owner: Sendable, Equatable {
        /// The project that the token is scoped to.
        case selfProject
        case any
        case project(String)
    }

    public enum UpdatedAfter: Sendable, Equatable {
        /// A time in UTC: `2026-01-01T00:00:00Z`.
        case date(String)
        /// A time span before now.
        case span(seconds: Int64)
    }

    public enum Hidden: Sendable, Equatable {
        case any
        case only(Bool)
    }

    public enum Snapshots: String, Sendable, CaseIterable {
        case exclude, include, only
    }

    /// The patterns for the name; an empty list accepts any name.
    public var names: [Glob] = []
    /// The accepted ids; an empty list accepts any id.
    public var ids: [String] = []
    /// The accepted owner; nil accepts any owner.
    public var owner: Owner?
    public var visibility: [ImageVisibility]?
    public var statuses: [String]?
    public var tags: [String] = []
    public var properties: [String: String] = [:]
    public var sizeMinBytes: Int64?
    public var sizeMaxBytes: Int64?
    /// The earliest allowed time of the image's last update.
    public var updatedAfter: UpdatedAfter?
    public var hidden: Hidden = .any
    public var snapshots: Snapshots = .include

    /// Creates a selection of every image. `exclude` starts from it.
    public init() {}

    /// The active images that the project owns, except hidden ones and snapshots. `images` starts
    /// from this selection.
    public static var standard: ImageSelection {
        var selection = ImageSelection()
        selection.owner = .selfProject
        selection.statuses = ["active"]
        selection.hidden = .only(false)
        selection.snapshots = .exclude
        return selection
    }
}

/// The fields of an image that a selection checks, independent of the API that returned them.
public struct ImageFacts: Sendable, Equatable {
    public var id: String
    public var name: String?
    /// The owner's project id.
    public var owner: String?
    public var visibility: String
    public var status: String
    public var tags: [String]
    public var properties: [String: String]
    public var sizeBytes: Int64?
    /// The time in RFC 3339, as the Image service reports it.
    public var updatedAt: String?
    public var isHidden: Bool
    /// True for a snapshot of a server: its `image_type` is `snapshot`.
    public var isSnapshot: Bool
    /// The keys of the record whose values do not have their type. A condition that needs one of
    /// these keys counts as met, so that the image is refused by name and not left out.
    public var unreadKeys: Set<String> = []

    public init(
        id: String, name: String? = nil, owner: String? = nil, visibility: String = "private",
        status: String = "active", tags: [String] = [], properties: [String: String] = [:],
        sizeBytes: Int64? = nil, updatedAt: String? = nil, isHidden: Bool = false,
        isSnapshot: Bool = false
    ) {
        self.id = id
        self.name = name
        self.owner = owner
        self.visibility = visibility
        self.status = status
        self.tags = tags
        self.properties = properties
        self.sizeBytes = sizeBytes
        self.updatedAt = updatedAt
        self.isHidden = isHidden
        self.isSnapshot = isSnapshot
    }
}

extension ImageSelection {
    /// True if the image meets every condition.
    ///
    /// - Parameters:
    ///   - selfProjectID: the project that `owner: self` refers to. nil, for a cloud without
    ///     Keystone, accepts any owner.
    ///   - nowUnixSeconds: the time that a span counts back from.
    public func matches(_ facts: ImageFacts, selfProjectID: String?, nowUnixSeconds: Int64) -> Bool
    {
        mismatch(facts, selfProjectID: selfProjectID, nowUnixSeconds: nowUnixSeconds) == nil
    }

    /// A condition that an image fails.
    public struct Mismatch: Sendable, Equatable {
        /// The key of the condition in the pipeline file.
        public let key: String
        /// The explanation for messages. It can follow "is not selected: ".
        public let words: String
    }

    /// Returns the first condition that the image fails, or nil if it meets all. Explains why an
    /// image is not in the plan. Parameters as in ``matches(_:selfProjectID:nowUnixSeconds:)``.
    public func mismatch(_ facts: ImageFacts, selfProjectID: String?, nowUnixSeconds: Int64)
        -> Mismatch?
    {
        for key in Self.checkedKeys where facts.unreadKeys.isDisjoint(with: key.recordKeys) {
            let words =
                switch key {
                case .id: idMismatch(facts)
                case .name: nameMismatch(facts)
                case .owner: ownerMismatch(facts, selfProjectID)
                case .visibility: visibilityMismatch(facts)
                case .status: statusMismatch(facts)
                case .tags: tagMismatch(facts)
                case .properties: propertyMismatch(facts)
                case .size: sizeMismatch(facts)
                case .updatedAfter: ageMismatch(facts, nowUnixSeconds)
                case .hidden: hiddenMismatch(facts)
                case .snapshots: snapshotMismatch(facts)
                }
            if let words { return Mismatch(key: key.rawValue, words: words) }
        }
        return nil
    }

    /// The conditions in the order of checking: the one that explains most comes first.
    private static let checkedKeys: [SelectionKey] = [
        .id, .name, .owner, .visibility, .status, .tags, .properties, .size, .updatedAfter,
        .hidden, .snapshots,
    ]

    /// Returns the first condition that the image fails. An image that meets all conditions still
    /// fails if `exclude` matches it.
    public func mismatch(
        _ facts: ImageFacts, except exclude: ImageSelection?, selfProjectID: String?,
        nowUnixSeconds: Int64
    ) -> Mismatch? {
        if let found = mismatch(
            facts, selfProjectID: selfProjectID, nowUnixSeconds: nowUnixSeconds)
        {
            return found
        }
        // A value that cannot be read must not exclude an image.
        var read = facts
        read.unreadKeys = []
        let isExcluded = exclude?.matches(
            read, selfProjectID: selfProjectID, nowUnixSeconds: nowUnixSeconds)
        return isExcluded == true
            ? Mismatch(key: "exclude", words: "`exclude` matches it") : nil
    }

    private func idMismatch(_ facts: ImageFacts) -> String? {
        ids.isEmpty || ids.contains(facts.id) ? nil : "its id is not in `id`"
    }

    private func nameMismatch(_ facts: ImageFacts) -> String? {
        let name = facts.name ?? ""
        return names.isEmpty || names.contains { $0.matches(name) }
            ? nil : "its name \"\(name)\" matches none of `name`"
    }

    private func visibilityMismatch(_ facts: ImageFacts) -> String? {
        guard let visibility, !visibility.contains(where: { $0.rawValue == facts.visibility })
        else { return nil }
        return "its visibility is \(facts.visibility)"
    }

    private func statusMismatch(_ facts: ImageFacts) -> String? {
        guard let statuses, !statuses.contains(facts.status) else { return nil }
        return "its status is \(facts.status)"
    }

    private func tagMismatch(_ facts: ImageFacts) -> String? {
        tags.first { !facts.tags.contains($0) }.map { "it has no tag \"\($0)\"" }
    }

    private func propertyMismatch(_ facts: ImageFacts) -> String? {
        let wrong = properties.sorted { $0.key < $1.key }.first {
            facts.properties[$0.key] != $0.value
        }
        return wrong.map { name, _ in
            "its property \(name) is " + (facts.properties[name].map { "\"\($0)\"" } ?? "not set")
        }
    }

    private func ownerMismatch(_ facts: ImageFacts, _ selfProjectID: String?) -> String? {
        let wanted: String
        switch owner {
        case .any, nil: return nil
        case .selfProject:
            guard let selfProjectID else { return nil }
            wanted = selfProjectID
        case .project(let id): wanted = id
        }
        guard facts.owner != wanted else { return nil }
        return facts.owner.map { "its owner is \($0)" } ?? "it has no owner"
    }

    private func sizeMismatch(_ facts: ImageFacts) -> String? {
        guard sizeMinBytes != nil || sizeMaxBytes != nil else { return nil }
        guard let size = facts.sizeBytes else { return "its size is not known" }
        if let sizeMinBytes, size < sizeMinBytes { return "its size is \(ByteCount.format(size))" }
        if let sizeMaxBytes, size > sizeMaxBytes { return "its size is \(ByteCount.format(size))" }
        return nil
    }

    private func ageMismatch(_ facts: ImageFacts, _ nowUnixSeconds: Int64) -> String? {
        let earliest: Int64?
        switch updatedAfter {
        case nil: return nil
        case .date(let text): earliest = UTCTime.unixSeconds(text)
        case .span(let seconds): earliest = nowUnixSeconds - seconds
        }
        guard let earliest, let updated = facts.updatedAt.flatMap(UTCTime.unixSeconds) else {
            return "its time of update is not known"
        }
        return updated >= earliest ? nil : "it was updated at \(facts.updatedAt ?? "")"
    }

    private func hiddenMismatch(_ facts: ImageFacts) -> String? {
        guard case .only(let wanted) = hidden, facts.isHidden != wanted else { return nil }
        return facts.isHidden ? "it is hidden" : "it is not hidden"
    }

    private func snapshotMismatch(_ facts: ImageFacts) -> String? {
        switch snapshots {
        case .include: return nil
        case .exclude: return facts.isSnapshot ? "it is a snapshot" : nil
        case .only: return facts.isSnapshot ? nil : "it is not a snapshot"
        }
    }
}

extension SelectionKey {
    /// The keys of a record that decide the condition, in Images API v2 and v1.
    fileprivate var recordKeys: [String] {
        switch self {
        case .name, .owner, .status, .tags, .size: [rawValue]
        case .visibility: ["visibility", "is_public"]
        case .updatedAfter: ["updated_at"]
        case .hidden: ["os_hidden"]
        case .properties, .snapshots: ["properties"]
        // A record without an id is not listed.
        case .id: []
        }
    }
}
