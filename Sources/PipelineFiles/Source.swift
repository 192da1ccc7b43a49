// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// Where images come from: one entry of `sources`.
public enum Source: Sendable, Equatable {
    case cloud(CloudSource)
    case url(URLSource)
    case file(FileSource)
    case archive(ArchiveSource)

    /// Where the entry starts.
    public var position: FilePosition {
        switch self {
        case .cloud(let source): source.position
        case .url(let source): source.position
        case .file(let source): source.position
        case .archive(let source): source.position
        }
    }

    /// Images that are read at once from where this entry leads; nil: only
    /// the pipeline's limit.
    public var limitsImages: Int? {
        switch self {
        case .cloud(let source): source.limitsImages
        case .url(let source): source.limitsImages
        case .file(let source): source.limitsImages
        case .archive(let source): source.limitsImages
        }
    }
}

/// Images of a cloud.
public struct CloudSource: Sendable, Equatable {
    /// An entry of clouds.yaml.
    public let cloud: String
    public let region: String?
    /// `public`, `internal` or `admin`.
    public let interface: String?
    /// Scopes the token to another project: a name or an id.
    public let project: String?
    public let selection: ImageSelection
    /// What ``selection`` takes and this matches is left out.
    public let exclude: ImageSelection?
    /// See ``Source/limitsImages``.
    public let limitsImages: Int?
    public let position: FilePosition

    /// True when the image is selected and not excluded. Parameters as in
    /// ``ImageSelection/matches(_:selfProjectID:nowUnixSeconds:)``.
    public func selects(_ facts: ImageFacts, selfProjectID: String?, nowUnixSeconds: Int64) -> Bool
    {
        guard
            selection.matches(
                facts, selfProjectID: selfProjectID, nowUnixSeconds: nowUnixSeconds)
        else { return false }
        guard let exclude else { return true }
        return !exclude.matches(
            facts, selfProjectID: selfProjectID, nowUnixSeconds: nowUnixSeconds)
    }
}

/// One image at an http or https address.
public struct URLSource: Sendable, Equatable {
    /// Holds no user and no password.
    public let url: String
    public let checksum: Checksum?
    /// An address, or an absolute path: a list of checksums in the form of
    /// GNU or BSD. Never set together with ``checksum``.
    public let checksumFile: String?
    public let image: ImageTemplate
    /// The lineage whose versions follow each other; nil: the rendered name.
    public let series: NameTemplate?
    /// True when several sources may render this series on purpose.
    public let seriesHasSeveral: Bool
    /// Absolute path of a PEM file with the authorities to trust.
    public let cacert: String?
    public let auth: URLAuthentication?
    /// Sent to this address alone, in the order of the file.
    public let headers: [URLHeader]
    /// See ``Source/limitsImages``.
    public let limitsImages: Int?
    public let position: FilePosition
}

/// Where the credentials for an address come from; they are never in the
/// pipeline file and never in the journal.
public enum URLAuthentication: Sendable, Equatable {
    /// `~/.netrc`, or the file that `NETRC` names.
    case netrc
    /// `user:password` in this variable of the environment.
    case env(String)
}

/// A header of a request. Its value may be a token out of the environment.
public struct URLHeader: Sendable, Equatable {
    public let name: String
    public let value: Secret<String>
}

/// Images in files of this machine.
public struct FileSource: Sendable, Equatable {
    /// A path or a glob, as written; relative to the pipeline file.
    public let pattern: String
    /// Only when ``pattern`` is one path.
    public let checksum: Checksum?
    /// An address, or an absolute path.
    public let checksumFile: String?
    public let image: ImageTemplate
    /// The lineage whose versions follow each other; nil: the rendered name.
    public let series: NameTemplate?
    /// True when several sources may render this series on purpose.
    public let seriesHasSeveral: Bool
    /// See ``Source/limitsImages``.
    public let limitsImages: Int?
    public let position: FilePosition
}

/// A directory that an archive target wrote.
public struct ArchiveSource: Sendable, Equatable {
    /// Absolute.
    public let path: String
    /// What replaces the archive's own fields.
    public let image: ImageFields?
    public let series: NameTemplate?
    public let seriesHasSeveral: Bool
    /// See ``Source/limitsImages``.
    public let limitsImages: Int?
    public let position: FilePosition
}
