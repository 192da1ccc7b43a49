// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics

/// An entry of `sources` of any kind, as most of the program sees it. Only the factory that opens
/// entries asks for the kind itself.
package protocol SourceEntry: Sendable {
    /// The place of the entry in the file.
    var position: FilePosition { get }
    /// The number of images to read at once from the service, host or machine that this entry leads
    /// to. nil: only the pipeline's limit applies.
    var limitsImages: Int? { get }
    /// The name for a headline, such as the host of a URL.
    var shortName: String { get }
    /// The name of the source for messages, without secrets. It is the same for all entries of one
    /// cloud, region and project, and for all entries of one archive.
    var shownName: String { get }
    /// The cloud that the entry signs in to, and its selection of images; nil without a cloud.
    var cloudEntry: CloudSource? { get }
    /// The absolute path of the archive that the entry reads; nil if it reads none.
    var archivePath: String? { get }
    /// True if the data is on a publisher's servers or in files on this machine. Such a source gets
    /// few connections at once, and its data may have to be decompressed.
    var isPublished: Bool { get }
    /// True if one image may follow another as its new version.
    var hasVersions: Bool { get }
    /// The template of a series that several sources may have. nil if this source does not share
    /// its series, or has none.
    var severalSeries: NameTemplate? { get }

    /// True if the entry alone determines the ``SourceImage/key`` of its images, and `key` is one
    /// of them.
    ///
    /// - Parameter folder: the folder at which relative paths start.
    func names(_ key: String, in folder: String) -> Bool
}

/// The answers that fit most kinds.
extension SourceEntry {
    package var cloudEntry: CloudSource? { nil }
    package var archivePath: String? { nil }

    package func names(_ key: String, in folder: String) -> Bool { false }
}

extension Source {
    package var entry: any SourceEntry {
        switch self {
        case .cloud(let source): source
        case .url(let source): source
        case .simplestreams(let source): source
        case .file(let source): source
        case .archive(let source): source
        case .other(let source): source
        }
    }

    public var position: FilePosition { entry.position }
    package var cloudEntry: CloudSource? { entry.cloudEntry }
    package var shownName: String { entry.shownName }
}

extension CloudSource: SourceEntry {
    package var position: FilePosition { cloud.position }
    package var shortName: String { cloud.shortName }
    package var shownName: String {
        ([cloud.shortName] + [cloud.projectDomain].compactMap(\.self)).joined(separator: "/")
    }
    package var cloudEntry: CloudSource? { self }
    package var isPublished: Bool { false }
    /// The data of a cloud's image never changes.
    package var hasVersions: Bool { false }
    package var severalSeries: NameTemplate? { nil }
}

extension URLSource: SourceEntry {
    package var shortName: String {
        let parts = url.split(separator: "/", omittingEmptySubsequences: true)
        return String(parts.dropFirst().first ?? parts.first ?? "")
    }
    package var shownName: String { shownURL(url) }
    package var isPublished: Bool { true }
    package var hasVersions: Bool { true }
    package var severalSeries: NameTemplate? { seriesHasSeveral ? series ?? image.name : nil }

    package func names(_ key: String, in folder: String) -> Bool {
        let own = Self.key(url)
        return latest == nil ? key == own : key.hasPrefix(own)
    }

    /// Returns the ``SourceImage/key`` of the image at an address.
    package static func key(_ address: String) -> String { "url:\(address)" }
}

extension SimplestreamsSource: SourceEntry {
    package var position: FilePosition { index.position }
    package var limitsImages: Int? { index.limitsImages }
    package var shortName: String { index.shortName }
    package var shownName: String { shownURL(index.url) }
    package var isPublished: Bool { true }
    package var hasVersions: Bool { true }
    package var severalSeries: NameTemplate? { index.severalSeries }
}

extension FileSource: SourceEntry {
    package var shortName: String { "files" }
    package var shownName: String { pattern }
    package var isPublished: Bool { true }
    package var hasVersions: Bool { true }
    package var severalSeries: NameTemplate? { seriesHasSeveral ? series ?? image.name : nil }

    package func names(_ key: String, in folder: String) -> Bool {
        let own = FilePath.absolute(pattern, in: folder)
        if latest != nil { return key.hasPrefix(Self.key(own)) }
        return Glob(own).literal.map { key == Self.key($0) } ?? false
    }

    /// Returns the ``SourceImage/key`` of the image in the file at an absolute path.
    package static func key(_ path: String) -> String { "file:\(path)" }
}

extension ArchiveSource: SourceEntry {
    package var shortName: String { "archive" }
    package var shownName: String { "archive \(path)" }
    package var archivePath: String? { path }
    package var isPublished: Bool { false }
    package var hasVersions: Bool { series != nil }
    package var severalSeries: NameTemplate? { seriesHasSeveral ? series : nil }
}

extension OtherSource: SourceEntry {
    package var limitsImages: Int? { nil }
    package var shortName: String { kind }
    package var shownName: String { kind }
    package var isPublished: Bool { false }
    package var hasVersions: Bool { true }
    package var severalSeries: NameTemplate? { nil }
}

extension CloudName {
    /// The name for a headline.
    package var shortName: String {
        ([name] + [region, project].compactMap(\.self)).joined(separator: "/")
    }
}
