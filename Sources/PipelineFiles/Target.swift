// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import MigrationModel

/// One entry of `targets`: a destination of images. Every source image goes to every target.
public enum Target: Sendable, Equatable {
    case cloud(CloudTarget)
    case archive(ArchiveTarget)
}

/// A cloud that receives images.
public struct CloudTarget: Sendable, Equatable {
    public let cloud: CloudName
    public let rules: TargetRules
}

/// The rules of a target for the images that it receives. Planning knows nothing else of its entry.
public struct TargetRules: Sendable, Equatable {
    /// The upload method; nil (`auto`) if planning chooses.
    public let method: UploadMethod?
    public let stores: PlannedRecord.Stores
    public let image: TargetImageRules
    /// nil: ``OnConflict/keepBoth`` for images from clouds, where several images may have one name.
    /// For other sources, planning chooses.
    public let onConflict: OnConflict?
    /// The number of earlier versions of a series to keep; nil keeps all.
    public let keep: Int?
    public let previous: PreviousVersions?
    public let expired: ExpiredVersions?
    /// True to accept an import that converted the data.
    public let acceptTransformed: Bool
    /// False to accept a copy that reached only some of several stores, and report the others.
    public let allStoresMustSucceed: Bool
    /// The number of transfers at once to this target. nil: only the pipeline's limit applies.
    public let limitsImages: Int?
}

/// A directory that receives images and their records.
public struct ArchiveTarget: Sendable, Equatable {
    /// The absolute path of the archive.
    public let path: String
    /// The rules, without `method`, stores and owners: an archive has none of them.
    public let rules: TargetRules
    public let position: FilePosition
}

/// The action if the target already has a different image of the same name.
public enum OnConflict: String, Sendable, CaseIterable {
    case keepBoth = "keep-both"
    case skip, update, replace, rename, fail
}

/// The action on the version before a new one.
public enum PreviousVersions: String, Sendable, CaseIterable {
    case hide, rename, deactivate, leave
}

/// The action on versions that are older than those to keep.
public struct ExpiredVersions: Sendable, Equatable {
    public enum Action: String, Sendable, CaseIterable {
        case delete, hide, deactivate, leave
    }

    public let action: Action
    /// The time since the version was replaced, in seconds. 0 acts at once.
    public let afterSeconds: Int64
}
