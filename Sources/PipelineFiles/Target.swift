// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Where images go: one entry of `targets`. Each source image goes to each.
public enum Target: Sendable, Equatable {
    case cloud(CloudTarget)
    case archive(ArchiveTarget)

    /// Where the entry starts.
    public var position: FilePosition {
        switch self {
        case .cloud(let target): target.position
        case .archive(let target): target.position
        }
    }
}

/// A cloud that gets the images, and by which rules.
public struct CloudTarget: Sendable, Equatable {
    /// An entry of clouds.yaml.
    public let cloud: String
    public let region: String?
    /// `public`, `internal` or `admin`.
    public let interface: String?
    /// Scopes the token to another project: a name or an id.
    public let project: String?
    public let method: UploadMethodName
    public let stores: StoreChoice
    public let image: TargetImageRules
    /// nil: ``OnConflict/keepBoth`` for images of clouds, whose names are no
    /// identity; for other sources what planning holds right.
    public let onConflict: OnConflict?
    /// How many earlier versions of a series stay; nil: all.
    public let keep: Int?
    public let previous: PreviousVersions?
    public let expired: ExpiredVersions?
    /// An import that converted the data counts as done.
    public let acceptTransformed: Bool
    /// False: with several stores, one that fails is reported and the others count.
    public let allStoresMustSucceed: Bool
    /// Transfers at once to this target; nil: only the pipeline's limit.
    public let limitsImages: Int?
    public let position: FilePosition
}

/// A directory that gets images and their records.
public struct ArchiveTarget: Sendable, Equatable {
    /// Absolute.
    public let path: String
    public let position: FilePosition
}

/// How image data gets into a cloud.
public enum UploadMethodName: String, Sendable, CaseIterable {
    case auto
    /// `PUT file`.
    case upload
    /// `PUT stage`, then an import.
    case glanceDirect = "glance-direct"
    /// The cloud fetches the address itself.
    case webDownload = "web-download"
    /// The cloud fetches from another region's Image service itself.
    case glanceDownload = "glance-download"
}

/// Which stores of a cloud hold the data.
public enum StoreChoice: Sendable, Equatable {
    /// The cloud's default.
    case `default`
    case all
    /// One or more.
    case named([String])
}

/// What happens where a different image already stands under that name.
public enum OnConflict: String, Sendable, CaseIterable {
    case keepBoth = "keep-both"
    case skip, update, replace, rename, fail
}

/// What becomes of the version that a new one follows.
public enum PreviousVersions: String, Sendable, CaseIterable {
    case hide, rename, deactivate, leave
}

/// What becomes of versions that are older than those kept.
public struct ExpiredVersions: Sendable, Equatable {
    public enum Action: String, Sendable, CaseIterable {
        case delete, hide, deactivate, leave
    }

    public let action: Action
    /// How long after it was replaced; 0: at once.
    public let afterSeconds: Int64
}
