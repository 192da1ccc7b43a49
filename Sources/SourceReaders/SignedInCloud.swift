// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import MigrationPipeline
public import OpenStackImage

/// A cloud that a pipeline names, with a session that has a token.
public struct SignedInCloud: Sendable {
    public let session: CloudSession
    /// The address of its Image service.
    public let endpoint: String
    /// Nil without Keystone.
    public let region: CloudRegion?
    /// The project of the cloud's user; nil without Keystone.
    public let projectID: String?
    /// True when its Image service speaks Images API v1 only.
    public let isLegacy: Bool

    public init(
        _ session: CloudSession, endpoint: String, region: CloudRegion?, projectID: String?,
        isLegacy: Bool = false
    ) {
        self.session = session
        self.endpoint = endpoint
        self.region = region
        self.projectID = projectID
        self.isLegacy = isLegacy
    }
}
