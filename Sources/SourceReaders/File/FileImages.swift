// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation
public import MigrationModel
public import MigrationPipeline
public import PipelineFiles

/// A kind of source: the files of this machine that a pattern matches.
public struct FileImages: ImageSource {
    let source: FileSource
    let sourceIndex: Int
    let baseDirectory: String

    /// - Parameter baseDirectory: the absolute folder that relative paths start at.
    public init(_ source: FileSource, sourceIndex: Int, baseDirectory: String) {
        self.source = source
        self.sourceIndex = sourceIndex
        self.baseDirectory = baseDirectory
    }

    public var endpoint: String { "this machine" }
    public var limitImages: Int? { source.limitsImages }
    public var isOnThisMachine: Bool { true }

    public func fetchable(_ image: SourceImage, for target: CloudRegion?) -> Fetchable {
        .nothing(.dataIsLocal)
    }

    /// Files that one page holds.
    private static let pageImages = 500

    /// Sorted by path. A glob without a match lists nothing; a single path that
    /// is missing becomes a refusal, so that the other sources go on.
    public func list(
        _ listing: Listing, page: ([ListedImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        let paths: [String]
        do throws(TranshipError) {
            paths = try source.paths(baseDirectory: baseDirectory)
        } catch {
            return try await page(
                [listed(source.pattern, nil, checksum: nil, listing.date, refusal: error)])
        }
        if paths.isEmpty { listing.tell(.warning("no file matches \(source.pattern)")) }
        var rest = paths[...]
        while !rest.isEmpty {
            try await page(rest.prefix(Self.pageImages).map { image($0, listing.date) })
            rest = rest.dropFirst(Self.pageImages)
        }
    }

    private func image(_ path: String, _ date: String) -> ListedImage {
        do throws(TranshipError) {
            let facts = try FileFacts(path: path)
            guard access(path, R_OK) == 0 else {
                throw TranshipError(
                    .sourceUnavailable, "cannot open \(path): \(String(cString: strerror(errno)))",
                    hint: "check the file's rights")
            }
            var checksum = source.checksum
            if checksum == nil, let file = source.checksumFile {
                checksum = try published(in: file, for: path)
            }
            return listed(path, facts, checksum: checksum, date)
        } catch {
            return listed(path, nil, checksum: nil, date, refusal: error)
        }
    }

    private func listed(
        _ path: String, _ facts: FileFacts?, checksum: Checksum?, _ date: String,
        refusal: TranshipError? = nil
    ) -> ListedImage {
        var (image, stem) = source.image.described(
            key: "file:\(path)", sourceIndex: sourceIndex, location: path,
            fingerprint: checksum?.description ?? facts?.fingerprint ?? "",
            sizeBytes: facts?.sizeBytes, checksum: checksum,
            fileName: (path as NSString).lastPathComponent, series: source.series, date: date)
        image.seen = facts.map { SeenVersion(changedAt: $0.changedAt) }
        image.updatedAt = facts.map { Timestamp.text($0.changedAt.seconds * 1000) }
        return ListedImage(
            image, stem: stem, refusal: refusal,
            series: SeriesClaim(
                position: "\(source.position)", allowsSeveral: source.seriesHasSeveral))
    }

    private func published(
        in file: String, for image: String
    ) throws(TranshipError) -> Checksum {
        let path = file.hasPrefix("/") ? file : "\(baseDirectory)/\(file)"
        guard let data = FileManager.default.contents(atPath: path) else {
            throw TranshipError(
                .sourceUnavailable, "cannot read the checksum file \(path)",
                hint: "check that checksum_file is there, relative to the pipeline file")
        }
        let list = ChecksumList(Array(data), fileName: (path as NSString).lastPathComponent)
        return try list.checksum(
            forPath: ChecksumList.path(of: image, inFolderOf: path), shown: path)
    }
}
