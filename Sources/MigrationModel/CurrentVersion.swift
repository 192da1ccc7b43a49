// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// A version that a target has, as a plan found it beside a new one of the same series: the current
/// one, one that waits for its name, or one that an operator rolled back from.
///
/// The ETag or the time of the data may change and the data not. A copy that turns out to have the
/// data of this version is not a new version.
public struct CurrentVersion: Codable, Hashable, Sendable {
    /// As in ``Origin/versionID``.
    public var versionID: String
    /// As in ``SourceImage/fingerprint``.
    public var fingerprint: String
    /// Its image at the target.
    public var imageID: String
    /// Digests of its data, without MD5.
    public var digests: [Checksum]
    /// True if it waits for the name of its series, which an image keeps that someone edited; nil if
    /// not.
    public var isWaiting: Bool?

    /// - Parameter digests: of the data; those of MD5 are left out.
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
