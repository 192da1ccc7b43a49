// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// A version that a target already has when a plan finds a new version of the same series: the
/// current version, one that waits for its name, or one that an operator rolled back from.
///
/// The ETag or the time of the data may change while the data stays the same. So a copy that turns
/// out to have the data of this version is not a new version.
public struct CurrentVersion: Codable, Hashable, Sendable {
    /// As in ``Origin/versionID``.
    public var versionID: String
    /// As in ``SourceImage/fingerprint``.
    public var fingerprint: String
    /// The id of its image at the target.
    public var imageID: String
    /// Digests of its data, without MD5.
    public var digests: [Checksum]
    /// True if this version waits for the name of its series, because another image keeps that
    /// name; nil if not.
    public var isWaiting: Bool?

    /// - Parameter digests: the digests of the data; those of MD5 are left out.
    public init(versionID: String, fingerprint: String, imageID: String, digests: [Checksum]) {
        self.versionID = versionID
        self.fingerprint = fingerprint
        self.imageID = imageID
        self.digests = digests.filter { $0.algorithm != .md5 }
    }

    /// True if one of these digests is of the same data.
    public func hasData(of others: [Checksum]) -> Bool {
        digests.contains { digest in others.contains { $0.matches(digest) } }
    }
}
