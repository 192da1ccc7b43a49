// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import MigrationModel

/// One entry of a pipeline's `targets`, opened: the facts for planning and scheduling, and the
/// stages that work on the target.
public struct OpenedTarget: Sendable {
    /// The target's name in the journal and in messages. The same in all runs.
    public var key: String
    /// The Image service that holds its images, as messages name it. Targets at
    /// one endpoint share their limit and their outages.
    public var endpoint: String
    /// The region of its cloud.
    public var region: CloudRegion?
    /// The project that the target's user is in; nil without Keystone.
    public var projectID: String?
    /// True if the target's user is an administrator, and so may accept images for other projects.
    /// True for archives, which accept every answer.
    public var isAdmin: Bool
    public var limits: TargetLimits
    public var offer: TargetOffer
    public var uploader: any ImageUploader
    public var waiter: any TaskWaiter
    public var publisher: any Publisher

    public init(
        key: String, endpoint: String, region: CloudRegion? = nil, projectID: String? = nil,
        isAdmin: Bool = false, limits: TargetLimits = .init(), offer: TargetOffer = .init(),
        uploader: any ImageUploader, waiter: any TaskWaiter, publisher: any Publisher
    ) {
        self.key = key
        self.endpoint = endpoint
        self.region = region
        self.projectID = projectID
        self.isAdmin = isAdmin
        self.limits = limits
        self.offer = offer
        self.uploader = uploader
        self.waiter = waiter
        self.publisher = publisher
    }
}

/// The limits of one target. nil means unlimited.
public struct TargetLimits: Sendable, Hashable {
    /// Maximum number of images whose data moves, from the entry's `limits.images`.
    public var images: Int?
    /// Maximum number of images that are uploaded or imported: `image_count_uploading`.
    public var uploading: Int?
    /// Maximum number of bytes in the staging area: `image_stage_total`.
    public var stagedBytes: Int64?

    public init(images: Int? = nil, uploading: Int? = nil, stagedBytes: Int64? = nil) {
        self.images = images
        self.uploading = uploading
        self.stagedBytes = stagedBytes
    }
}
