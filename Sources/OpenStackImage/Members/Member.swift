// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// A project with which a `shared` image is shared
/// (<https://docs.openstack.org/api-ref/image/v2/#sharing>).
public struct Member: Sendable, Hashable {
    /// The image's id.
    public let imageID: String
    /// The project.
    public let memberID: String
    /// What the project made of the offer.
    public let status: Status
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let createdAt: String?
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let updatedAt: String?
    /// The answer as it came.
    public let record: [String: JSONValue]

    /// What the project made of the offer. It may use the image in each case;
    /// accepting puts it into its list.
    public struct Status: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// Not answered yet.
        public static let pending = Self(rawValue: "pending")
        /// In the member's list.
        public static let accepted = Self(rawValue: "accepted")
        /// Not in the member's list.
        public static let rejected = Self(rawValue: "rejected")

        public var description: String { rawValue }
    }
}
