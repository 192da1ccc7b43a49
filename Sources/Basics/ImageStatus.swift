// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Where an image stands
/// (<https://docs.openstack.org/glance/latest/user/statuses.html>).
///
/// Open: a service may know statuses that are not named here.
public struct ImageStatus: RawRepresentable, Hashable, Codable, Sendable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// A record without data. An import that failed comes back to it.
    public static let queued = Self(rawValue: "queued")
    /// A direct upload is running; left for ever by a worker that died.
    public static let saving = Self(rawValue: "saving")
    /// Data was staged or is being staged; an import may follow.
    public static let uploading = Self(rawValue: "uploading")
    /// The service works on an import; its task says how far it is.
    public static let importing = Self(rawValue: "importing")
    /// Whole, and given out.
    public static let active = Self(rawValue: "active")
    /// Has data that only an admin may read.
    public static let deactivated = Self(rawValue: "deactivated")
    /// An upload failed beyond repair; can only be deleted.
    public static let killed = Self(rawValue: "killed")
    /// Gone; shown to nobody but admins, of API v1.
    public static let deleted = Self(rawValue: "deleted")
    /// Deleted, but its data not yet; its id stays taken.
    public static let pendingDelete = Self(rawValue: "pending_delete")
    /// Ours, for a record that says no status.
    public static let unknown = Self(rawValue: "unknown")

    public var description: String { rawValue }
}

/// Who sees an image.
public struct ImageVisibility: RawRepresentable, Hashable, Codable, Sendable,
    CustomStringConvertible
{
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Everybody, in every list. Creating one takes an admin by default.
    public static let `public` = Self(rawValue: "public")
    /// The owner alone.
    public static let `private` = Self(rawValue: "private")
    /// The owner and its members; the default of the service.
    public static let shared = Self(rawValue: "shared")
    /// Everybody who asks for it; not in the lists of others.
    public static let community = Self(rawValue: "community")

    public var description: String { rawValue }
}
