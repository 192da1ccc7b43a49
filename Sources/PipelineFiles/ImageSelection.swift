// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Which images of a cloud: all conditions must hold.
///
/// Of a list of names, ids, visibilities or statuses one must fit; of tags and
/// properties all must.
public struct ImageSelection: Sendable, Equatable {
    public enum Owner: Sendable, Equatable {
        /// The project that the token is scoped to.
        case selfProject
        case any
        case project(String)
    }

    public enum UpdatedAfter: Sendable, Equatable {
        /// `2026-01-01T00:00:00Z`, always in UTC.
        case date(String)
        /// So long before now.
        case span(seconds: Int64)
    }

    public enum Hidden: Sendable, Equatable {
        case any
        case only(Bool)
    }

    public enum Snapshots: String, Sendable, CaseIterable {
        case exclude, include, only
    }

    /// Empty: any name.
    public var names: [Glob] = []
    /// Empty: any id.
    public var ids: [String] = []
    /// nil: whoever owns it.
    public var owner: Owner?
    public var visibility: [VisibilityName]?
    public var statuses: [String]?
    public var tags: [String] = []
    public var properties: [String: String] = [:]
    public var sizeMinBytes: Int64?
    public var sizeMaxBytes: Int64?
    /// At that moment or later.
    public var updatedAfter: UpdatedAfter?
    public var hidden: Hidden = .any
    public var snapshots: Snapshots = .include

    /// No condition: every image. What `exclude` starts from.
    public init() {}

    /// What `images` starts from: every active image that the project owns,
    /// without hidden ones and snapshots.
    public static var standard: ImageSelection {
        var selection = ImageSelection()
        selection.owner = .selfProject
        selection.statuses = ["active"]
        selection.hidden = .only(false)
        selection.snapshots = .exclude
        return selection
    }
}

/// What a selection looks at, whichever API the image came from.
public struct ImageFacts: Sendable, Equatable {
    public var id: String
    public var name: String?
    /// A project's id.
    public var owner: String?
    public var visibility: String
    public var status: String
    public var tags: [String]
    public var properties: [String: String]
    public var sizeBytes: Int64?
    /// RFC 3339, as the Image service writes it.
    public var updatedAt: String?
    public var isHidden: Bool
    /// Made by a snapshot of a server (`image_type` is `snapshot`).
    public var isSnapshot: Bool

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
