// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// A project that may use a private image of a legacy cloud.
///
/// There is nothing to accept in v1: a member sees the image at once.
public struct LegacyMember: Sendable, Hashable {
    /// The project.
    public var memberID: String
    /// Whether it may share the image with others in turn.
    public var canShare: Bool

    /// - Parameter memberID: the project.
    public init(memberID: String, canShare: Bool = false) {
        self.memberID = memberID
        self.canShare = canShare
    }
}

/// An image that is shared with a project, seen from the project.
public struct LegacySharedImage: Sendable, Hashable {
    /// The image's id.
    public let imageID: String
    /// The project may share it in turn.
    public let canShare: Bool
}
