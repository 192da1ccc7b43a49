// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import MigrationModel

/// One entry of `targets`: where images go. Every source image goes to every target.
public enum Target: Sendable, Equatable {
    case cloud(CloudTarget)
    case archive(ArchiveTarget)
}

/// A cloud that receives images.
public struct CloudTarget: Sendable, Equatable {
    public let cloud: CloudName
    public let rules: TargetRules
}

/// What a target does with the images that it receives. Planning knows no more of its entry.
public struct TargetRules: Sendable, Equatable {
    /// nil (`auto`): planning chooses.
    public let method: UploadMethod?
    public let stores: PlannedRecord.Stores
    public let image: TargetImageRules
    /// nil: ``OnConflict/keepBoth`` for images from clouds, where several images may have one name.
    /// For other sources, planning chooses.
    public let onConflict: OnConflict?
    /// Number of earlier versions of a series to keep. nil keeps all.
    public let keep: Int?
    public let previous: PreviousVersions?
    public let expired: ExpiredVersions?
    /// True to accept an import that converted the data.
    public let acceptTransformed: Bool
    /// False to accept a copy that reached only some of several stores, and report the others.
    public let allStoresMustSucceed: Bool
    /// Number of transfers at once to this target. nil: only the pipeline's limit applies.
    public let limitsImages: Int?
}

/// A directory that receives images and their records.
public struct ArchiveTarget: Sendable, Equatable {
    /// An absolute path.
    public let path: String
    /// Without `method`, stores and owners: an archive has none of them.
    public let rules: TargetRules
    public let position: FilePosition
}

/// What to do if the target already has a different image of the same name.
public enum OnConflict: String, Sendable, CaseIterable {
    case keepBoth = "keep-both"
    case skip, update, replace, rename, fail
}

/// What to do with the version before the new one.
public enum PreviousVersions: String, Sendable, CaseIterable {
    case hide, rename, deactivate, leave
}

/// What to do with versions older than those to keep.
public struct ExpiredVersions: Sendable, Equatable {
    public enum Action: String, Sendable, CaseIterable {
        case delete, hide, deactivate, leave
    }

    public let action: Action
    /// Time since the version was replaced. 0 acts at once.
    public let afterSeconds: Int64
}
