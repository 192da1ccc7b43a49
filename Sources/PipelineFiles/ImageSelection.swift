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
        /// This long before now.
        case span(seconds: Int64)
    }

    public enum Hidden: Sendable, Equatable {
        case any
        case only(Bool)
    }

    public enum Snapshots: String, Sendable, CaseIterable {
        case exclude, include, only
    }

    /// An empty list accepts any name.
    public var names: [Glob] = []
    /// An empty list accepts any id.
    public var ids: [String] = []
    /// nil accepts any owner.
    public var owner: Owner?
    public var visibility: [ImageVisibility]?
    public var statuses: [String]?
    public var tags: [String] = []
    public var properties: [String: String] = [:]
    public var sizeMinBytes: Int64?
    public var sizeMaxBytes: Int64?
    /// The image was updated then or later.
    public var updatedAfter: UpdatedAfter?
    public var hidden: Hidden = .any
    public var snapshots: Snapshots = .include

    /// Selects every image. `exclude` starts from this.
    public init() {}

    /// Selects the active images that the project owns, except hidden ones and snapshots. `images`
    /// starts from this.
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
    /// RFC 3339, as the Image service reports it.
    public var updatedAt: String?
    public var isHidden: Bool
    /// True for a snapshot of a server: its `image_type` is `snapshot`.
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
