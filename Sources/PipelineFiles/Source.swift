// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import MigrationModel

/// One entry of `sources`: where images come from.
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
    /// An entry of clouds.yaml.
    public let name: String
    public let region: String?
    /// `public`, `internal` or `admin`.
    public let interface: String?
    /// A project name or id. Scopes the token to that project.
    public let project: String?
    /// The name of that project's domain; nil is the project domain of the entry.
    public var projectDomain: String?
    /// The place of the source or target in the file.
    public let position: FilePosition
}

/// Images of an Image service.
public struct CloudSource: Sendable, Equatable {
    public let cloud: CloudName
    public let selection: ImageSelection
    /// Leaves out images that ``selection`` selects and this matches.
    public let exclude: ImageSelection?
    /// See ``SourceEntry/limitsImages``.
    public let limitsImages: Int?
    /// Makes copies of their own: those of another variant, or of none, count as other images.
    public var variant: String?
    /// The stores to read image data from, best first; those without the image are passed over.
    public var preferredStores: [String] = []

    /// Returns true if the image is selected and not excluded. Parameters as in
    /// ``ImageSelection/matches(_:selfProjectID:nowUnixSeconds:)``.
    public func selects(_ facts: ImageFacts, selfProjectID: String?, nowUnixSeconds: Int64) -> Bool
    {
        mismatch(facts, selfProjectID: selfProjectID, nowUnixSeconds: nowUnixSeconds) == nil
    }

    /// Why the image is not selected; nil if it is. Parameters as in
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
    /// Never contains a user or a password. With ``latest``, a folder: its path ends in a slash.
    public let url: String
    /// Which file of the folder is meant: the one with the highest version.
    public let latest: VersionPattern?
    /// True if an older version than that of the journal may follow.
    public let allowsDowngrade: Bool
    /// After which time without a new version the plan and the run warn; nil for never.
    public let staleAfterSeconds: Int64?
    public let checksum: Checksum?
    /// The URL or absolute path of a list of checksums, in GNU or BSD form. Never set together with
    /// ``checksum``. With ``latest`` it may contain `@v`.
    public let checksumFile: String?
    /// Who has to have signed the list; nil if its signature does not matter.
    public let signature: SignatureRule?
    public var image: ImageTemplate
    public let decompress: DecompressSetting
    /// The disk format to convert to; nil leaves the data as it is.
    public let convert: Conversion.Format?
    /// True to write what was published as properties of the image.
    public let hasProofProperties: Bool
    /// The lineage whose versions follow each other; nil: the rendered name.
    public var series: NameTemplate?
    /// True when several sources may render this series on purpose.
    public let seriesHasSeveral: Bool
    /// The absolute path of a PEM file with the certificate authorities to trust.
    public let cacert: String?
    public let auth: URLAuthentication?
    /// Sent only to this URL, in the order of the file.
    public let headers: [URLHeader]
    /// The values of variables in its addresses and headers, which no message may repeat.
    public var variables: [Secret<String>] = []
    /// False if the data is meant, whatever the record says of it.
    public let inspects: Bool
    /// See ``SourceEntry/limitsImages``.
    public let limitsImages: Int?
    public let position: FilePosition
    /// Keeps the image apart from that of an earlier source with the same address and another name or
    /// series; nil for the first one.
    public var alias: String?
    /// The place of `checksum` or `checksum_file`.
    public var promisePosition: FilePosition?

    /// The file name without its last extension. With ``latest``, it has `{version}` in the place of
    /// the version.
    public var stem: String {
        let name = latest.map { FileName($0.filled(with: "{version}")) } ?? FileName(url: url)
        return decompress.name(name).stem
    }

    /// The source of one product, whose name stands for `{product}`.
    public func filled(product: String) -> URLSource {
        var source = self
        source.image.name = image.name.filled(product: product)
        source.series = series?.filled(product: product)
        return source
    }
}

/// The newest image of each product in a Simplestreams index.
public struct SimplestreamsSource: Sendable, Equatable {
    /// The address of the index, and what its images become.
    public let index: URLSource
    /// By the name of a field of the product: the values that it may have. All fields must match.
    public let filters: [String: [Glob]]
    /// The name or `ftype` of the file that is copied of each product.
    public let item: String
}

/// An entry of a kind that the format does not have: one that the caller of
/// ``Pipeline/parse(text:file:environment:)`` adds, such as the images in memory of a test.
public struct OtherSource: Sendable, Equatable {
    /// The one key of the entry, which says its kind.
    public let kind: String
    /// The value of the key.
    public let place: String
    public let position: FilePosition
}

/// `signed_by` and `signature`: who has to have signed a list of checksums.
public struct SignatureRule: Sendable, Hashable {
    /// The absolute path of a file with the public keys to trust.
    public let keyring: String
    /// The URL or absolute path of the signature. Nil: it is in the list or beside it.
    public let place: String?

    public init(keyring: String, place: String?) {
        self.keyring = keyring
        self.place = place
    }
}

/// Which compressed data of a source is sent decompressed.
public enum DecompressSetting: String, CaseIterable, Sendable {
    case none
    /// Whatever the first bytes show.
    case auto
    case xz, gz, bz2, zst

    /// The only format that is accepted; nil if there is none.
    public var compression: Compression? { Compression(rawValue: rawValue) }

    /// The name of the file that is sent, for `{stem}` and the disk format.
    public func name(_ published: FileName) -> FileName {
        guard self != .none, Compression(rawValue: published.fileExtension) != nil else {
            return published
        }
        return FileName(published.stem)
    }
}

/// Where the credentials for a URL come from. They are never in the pipeline file or the journal.
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
    /// Which file of the folder is meant: the one with the highest version.
    public let latest: VersionPattern?
    /// True if an older version than that of the journal may follow.
    public let allowsDowngrade: Bool
    /// After which time without a new version the plan and the run warn; nil for never.
    public let staleAfterSeconds: Int64?
    /// Never set if ``pattern`` is a glob.
    public let checksum: Checksum?
    /// The URL or absolute path of a list of checksums. With ``latest`` it may contain `@v`.
    public let checksumFile: String?
    /// Who has to have signed the list; nil if its signature does not matter.
    public let signature: SignatureRule?
    public let image: ImageTemplate
    public let decompress: DecompressSetting
    /// The disk format to convert to; nil leaves the data as it is.
    public let convert: Conversion.Format?
    /// True to write what was published as properties of the image.
    public let hasProofProperties: Bool
    /// The lineage whose versions follow each other; nil: the rendered name.
    public let series: NameTemplate?
    /// True when several sources may render this series on purpose.
    public let seriesHasSeveral: Bool
    /// False if the data is meant, whatever the record says of it.
    public let inspects: Bool
    /// See ``SourceEntry/limitsImages``.
    public let limitsImages: Int?
    public let position: FilePosition
    /// Keeps the image apart from that of an earlier source with the same path and another name or
    /// series; nil for the first one.
    public var alias: String?
    /// True for a file of a copy that has several: what an option says, it says of all of them.
    public var isOneOfSeveral = false
    /// The place of `checksum` or `checksum_file`.
    public var promisePosition: FilePosition?
}

/// A directory written by an archive target.
public struct ArchiveSource: Sendable, Equatable {
    /// An absolute path.
    public let path: String
    public let selection: ImageSelection
    /// Leaves out images that ``selection`` selects and this matches.
    public let exclude: ImageSelection?
    /// Replaces fields of the archived records.
    public let image: ImageFields?
    /// nil: each image is a series of its own, as images of clouds are.
    public let series: NameTemplate?
    public let seriesHasSeveral: Bool
    /// See ``SourceEntry/limitsImages``.
    public let limitsImages: Int?
    public let position: FilePosition
    /// As of ``CloudSource``.
    public var variant: String?
}
