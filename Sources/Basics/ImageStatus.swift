// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The status of an image (<https://docs.openstack.org/glance/latest/user/statuses.html>).
///
/// A service may use statuses that this list lacks.
public struct ImageStatus: RawRepresentable, Hashable, Codable, Sendable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// A record without data. A failed import returns to it.
    public static let queued = Self(rawValue: "queued")
    /// A direct upload is in progress. The image keeps this status for ever if the service's worker
    /// dies.
    public static let saving = Self(rawValue: "saving")
    /// Data is in the staging area or on its way there. An import may follow.
    public static let uploading = Self(rawValue: "uploading")
    /// The service imports the data. The image's task says how far the import is.
    public static let importing = Self(rawValue: "importing")
    /// Complete: users can read the data.
    public static let active = Self(rawValue: "active")
    /// Complete, but only admins may read the data.
    public static let deactivated = Self(rawValue: "deactivated")
    /// An upload failed for good. The image can only be deleted.
    public static let killed = Self(rawValue: "killed")
    /// Deleted. Only API v1 shows such images, and only to admins.
    public static let deleted = Self(rawValue: "deleted")
    /// Deleted, but its data is still stored. The id stays taken.
    public static let pendingDelete = Self(rawValue: "pending_delete")
    /// Not a status of the service: stands for a record without a status.
    public static let unknown = Self(rawValue: "unknown")

    /// The statuses by which a listing can be filtered.
    package static let listed = [
        Self.queued, .saving, .uploading, .importing, .active, .deactivated, .killed, .deleted,
        .pendingDelete,
    ]

    /// True if the image may become active without further requests. After a successful upload, a
    /// service's database may still show such a status for a while.
    public var isBeforeActive: Bool {
        [.queued, .saving, .uploading, .importing].contains(self)
    }

    public var description: String { rawValue }
}

/// The projects that see an image.
public struct ImageVisibility: RawRepresentable, Hashable, Codable, Sendable,
    CustomStringConvertible, CaseIterable
{
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The values that the API documents. A service may report others.
    public static let allCases = [Self.private, .shared, .community, .public]

    /// Every project, in every list. By default only admins may create such an image.
    public static let `public` = Self(rawValue: "public")
    /// Only the owner.
    public static let `private` = Self(rawValue: "private")
    /// The owner and the members. The default of the service.
    public static let shared = Self(rawValue: "shared")
    /// Every project that asks for it. Not in the lists of other projects.
    public static let community = Self(rawValue: "community")

    public var description: String { rawValue }
}
