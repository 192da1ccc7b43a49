// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import MigrationModel

/// One entry of `sources`: an origin of images.
public enum Source: Sendable, Equatable {
    case cloud(CloudSource)
    case url(URLSource)
    case simplestreams(SimplestreamsSource)
    case file(FileSource)
    case archive(ArchiveSource)
    case other(OtherSource)
}

/// The cloud of a source or target.
public struct CloudName: Sendable, Equatable {
    /// The name of an entry of clouds.yaml.
    public let name: String
    public let region: String?
    /// `public`, `internal` or `admin`.
    public let interface: String?
    /// The name or id of a project. Scopes the token to that project.
    public let project: String?
    /// The name of that project's domain; nil means the project domain of the entry.
    public var projectDomain: String?
    /// The place of the source or target in the file.
    public let position: FilePosition
}

/// Images of an Image service.
public struct CloudSource: Sendable, Equatable {
    public let cloud: CloudName
    public let selection: ImageSelection
    /// The images to leave out although ``selection`` selects them.
    public let exclude: ImageSelection?
    /// See ``SourceEntry/limitsImages``.
    public let limitsImages: Int?
    /// The variant of the copies. Copies of another variant, or of none, count as other images.
    public var variant: String?
    /// The stores to read image data from, best first. Stores without the image are skipped.
    public var preferredStores: [String] = []

    /// True if the image is selected and not excluded. Parameters as in
    /// ``ImageSelection/matches(_:selfProjectID:nowUnixSeconds:)``.
    public func selects(_ facts: ImageFacts, selfProjectID: String?, nowUnixSeconds: Int64) -> Bool
    {
        mismatch(facts, selfProjectID: selfProjectID, nowUnixSeconds: nowUnixSeconds) == nil
    }

    /// Returns the reason if the image is not selected; nil if it is. Parameters as in
    /// ``ImageSelection/matches(_:selfProjectID:nowUnixSeconds:)``.
    public func mismatch(
        _ facts: ImageFacts, selfProjectID: String?, nowUnixSeconds: Int64
    ) -> ImageSelection.Mismatch? {
        selection.mismatch(
            facts, except: exclude, selfProjectID: selfProjectID, nowUnixSeconds: nowUnixSeconds)
    }
}

/// One image at an http or https address, or the newest of several in a folder.
public struct URLSource: Sendable, Equatable {
    /// The address, without a user or a password. With ``latest``, a folder: its path ends in a
    /// slash.
    public let url: String
    /// The pattern of file names in the folder. The file with the highest version is copied.
    public let latest: VersionPattern?
    /// True if a version older than that of the journal may follow.
    public let allowsDowngrade: Bool
    /// The time without a new version after which the plan and the run warn, in seconds; nil for
    /// never.
    public let staleAfterSeconds: Int64?
    public let checksum: Checksum?
    /// The URL or absolute path of a list of checksums, in GNU or BSD form. Never set together with
    /// ``checksum``. With ``latest`` it may contain `@v`.
    public let checksumFile: String?
    /// The rule for the signature of the list; nil if its signature does not matter.
    public let signature: SignatureRule?
    public var image: ImageTemplate
    public let decompress: DecompressSetting
    /// The disk format to convert to; nil leaves the data as it is.
    public let convert: Conversion.Format?
    /// True to write facts about the published data, such as its checksum and size, as properties
    /// of the image.
    public let hasProofProperties: Bool
    /// The series, whose versions follow each other; nil: the rendered name.
    public var series: NameTemplate?
    /// True if several sources may render this series on purpose.
    public let seriesHasSeveral: Bool
    /// The absolute path of a PEM file with the certificate authorities to trust.
    public let cacert: String?
    public let auth: URLAuthentication?
    /// The request headers, in the order of the file. Only requests to this URL carry them.
    public let headers: [URLHeader]
    /// The values of variables in the addresses and headers, which no message may repeat.
    public var variables: [Secret<String>] = []
    /// False to copy data even if it does not have the disk format of its record.
    public let inspects: Bool
    /// See ``SourceEntry/limitsImages``.
    public let limitsImages: Int?
    public let position: FilePosition
    /// The text that keeps the image apart from that of an earlier source with the same address and
    /// another name or series; nil for the first source.
    public var alias: String?
    /// The place of `checksum` or `checksum_file`.
    public var promisePosition: FilePosition?

    /// The file name without its last extension. With ``latest``, it has `{version}` in place of
    /// the version.
    public var stem: String {
        let name = latest.map { FileName($0.filled(with: "{version}")) } ?? FileName(url: url)
        return decompress.name(name).stem
    }

    /// Returns the source of one product, whose name replaces `{product}`.
    public func filled(product: String) -> URLSource {
        var source = self
        source.image.name = image.name.filled(product: product)
        source.series = series?.filled(product: product)
        return source
    }
}

/// The newest image of each product in a Simplestreams index.
public struct SimplestreamsSource: Sendable, Equatable {
    /// The address of the index, and the settings for its images.
    public let index: URLSource
    /// The allowed values of a product's fields, by the name of the field. All fields must match.
    public let filters: [String: [Glob]]
    /// The name or `ftype` of the file to copy from each product.
    public let item: String
}

/// An entry of a kind that is not in the format. The caller of
/// ``Pipeline/parse(text:file:environment:)`` adds the kind, such as the images in memory of a
/// test.
public struct OtherSource: Sendable, Equatable {
    /// The only key of the entry, which determines its kind.
    public let kind: String
    /// The value of the key.
    public let place: String
    public let position: FilePosition
}

/// The rule for the signature of a list of checksums: `signed_by` and `signature`.
public struct SignatureRule: Sendable, Hashable {
    /// The absolute path of a file with the public keys to trust.
    public let keyring: String
    /// The URL or absolute path of the signature; nil if it is in the list or beside it.
    public let place: String?

    public init(keyring: String, place: String?) {
        self.keyring = keyring
        self.place = place
    }
}

/// The compressed formats that are sent decompressed.
public enum DecompressSetting: String, CaseIterable, Sendable {
    case none
    /// Any format that the first bytes show.
    case auto
    case xz, gz, bz2, zst

    /// The only accepted format; nil if there is no such limit.
    public var compression: Compression? { Compression(rawValue: rawValue) }

    /// Returns the name of the file that is sent, for `{stem}` and the disk format.
    public func name(_ published: FileName) -> FileName {
        guard self != .none, Compression(rawValue: published.fileExtension) != nil else {
            return published
        }
        return FileName(published.stem)
    }
}

/// The origin of the credentials for a URL. They are never in the pipeline file or the journal.
public enum URLAuthentication: Sendable, Equatable {
    /// `~/.netrc`, or the file that `NETRC` names.
    case netrc
    /// The environment variable that holds `user:password`.
    case env(String)
}

/// A request header. Its value may be a token from the environment.
public struct URLHeader: Sendable, Equatable {
    public let name: String
    public let value: Secret<String>
}

/// Images in files on this machine.
public struct FileSource: Sendable, Equatable {
    /// A path or a glob, as written in the file. A relative one starts at the file's folder. With
    /// ``latest``, a folder: it ends in a slash.
    public let pattern: String
    /// The pattern of file names in the folder. The file with the highest version is copied.
    public let latest: VersionPattern?
    /// True if a version older than that of the journal may follow.
    public let allowsDowngrade: Bool
    /// The time without a new version after which the plan and the run warn, in seconds; nil for
    /// never.
    public let staleAfterSeconds: Int64?
    /// The checksum of the file. Never set if ``pattern`` is a glob.
    public let checksum: Checksum?
    /// The URL or absolute path of a list of checksums. With ``latest`` it may contain `@v`.
    public let checksumFile: String?
    /// The rule for the signature of the list; nil if its signature does not matter.
    public let signature: SignatureRule?
    public let image: ImageTemplate
    public let decompress: DecompressSetting
    /// The disk format to convert to; nil leaves the data as it is.
    public let convert: Conversion.Format?
    /// True to write facts about the published data, such as its checksum and size, as properties
    /// of the image.
    public let hasProofProperties: Bool
    /// The series, whose versions follow each other; nil: the rendered name.
    public let series: NameTemplate?
    /// True if several sources may render this series on purpose.
    public let seriesHasSeveral: Bool
    /// False to copy data even if it does not have the disk format of its record.
    public let inspects: Bool
    /// See ``SourceEntry/limitsImages``.
    public let limitsImages: Int?
    public let position: FilePosition
    /// The text that keeps the image apart from that of an earlier source with the same path and
    /// another name or series; nil for the first source.
    public var alias: String?
    /// True for one of several files of a copy: an option then applies to all of them.
    public var isOneOfSeveral = false
    /// The place of `checksum` or `checksum_file`.
    public var promisePosition: FilePosition?
}

/// A directory written by an archive target.
public struct ArchiveSource: Sendable, Equatable {
    /// The absolute path of the archive.
    public let path: String
    public let selection: ImageSelection
    /// The images to leave out although ``selection`` selects them.
    public let exclude: ImageSelection?
    /// Replaces fields of the archived records.
    public let image: ImageFields?
    /// The series; nil if each image is a series of its own, like an image of a cloud.
    public let series: NameTemplate?
    public let seriesHasSeveral: Bool
    /// See ``SourceEntry/limitsImages``.
    public let limitsImages: Int?
    public let position: FilePosition
    /// The variant, as in ``CloudSource``.
    public var variant: String?
}
