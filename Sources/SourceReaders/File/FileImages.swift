// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Decompression
internal import Foundation
internal import HTTPTransport
internal import ImageFormats
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles

/// A kind of source: the files of this machine that a pattern matches.
struct FileImages: ImageSource {
    let source: FileSource
    let sourceIndex: Int
    /// The absolute folder that relative paths start at.
    let baseDirectory: String
    var decompression = DecompressionLimits()

    var unpacking: Unpacking { Unpacking(setting: source.decompress, limits: decompression) }
    var endpoint: String { "this machine" }
    var limitImages: Int? { source.limitsImages }
    var isOnThisMachine: Bool { true }
    var inspection: Inspection { source.inspects ? .refuses : .off }

    func fetchable(_ image: SourceImage, for target: CloudRegion?) -> Fetchable {
        .nothing(image.published?.reason ?? .dataIsLocal)
    }

    /// Files that one page holds.
    private static let pageImages = 500

    /// Sorted by path. A glob without a match lists nothing; a single path that
    /// is missing becomes a refusal, so that the other sources go on.
    func list(
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
        let published = source.checksumFile.map {
            PublishedList(place: $0, signature: source.signature, client: HTTPClient())
        }
        // Read once, however many files it is for.
        var list: Result<PublishedList.Read, TranshipError>?
        if let published, source.checksum == nil, !paths.isEmpty {
            do throws(TranshipError) {
                list = .success(try await published.read())
            } catch {
                if error.code == .interrupted { throw error }
                list = .failure(error)
            }
        }
        let promise: Promise = { (path) throws(TranshipError) in
            guard let published, let list else { return (source.checksum, nil) }
            let read = try list.get()
            return (
                try read.list.checksum(forPath: published.path(of: path), shown: published.shown),
                read.signedBy
            )
        }
        var rest = paths[...]
        while !rest.isEmpty {
            try await page(rest.prefix(Self.pageImages).map { image($0, listing.date, promise) })
            rest = rest.dropFirst(Self.pageImages)
        }
    }

    /// What a file must hash to, and who signed that.
    private typealias Promise =
        (_ path: String) throws(TranshipError) -> (checksum: Checksum?, signedBy: String?)

    private func image(_ path: String, _ date: String, _ promise: Promise) -> ListedImage {
        do throws(TranshipError) {
            let facts = try FileFacts(path: path)
            let look = unpacking.look(
                try head(of: path), fileName: PathText.lastComponent(path), shown: path)
            let promise = try promise(path)
            var listed = listed(
                path, facts, checksum: promise.checksum, look: look, date, refusal: look.refusal)
            listed.image.signedBy = promise.signedBy
            if source.hasProofProperties { listed.image.addProofProperties() }
            return listed
        } catch {
            return listed(path, nil, checksum: nil, date, refusal: error)
        }
    }

    /// The first bytes of a file.
    private func head(of path: String) throws(TranshipError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("cannot open", path) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: unpacking.headBytes)
        var count = 0
        while count < bytes.count {
            let part = bytes.withUnsafeMutableBytes { buffer in
                Foundation.pread(
                    descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count,
                    off_t(count))
            }
            if part < 0, errno == EINTR { continue }
            guard part >= 0 else { throw Self.failure("cannot read", path) }
            if part == 0 { break }
            count += part
        }
        return Array(bytes.prefix(count))
    }

    private func listed(
        _ path: String, _ facts: FileFacts?, checksum: Checksum?,
        look: Unpacking.Look = .init(), _ date: String, refusal: TranshipError? = nil
    ) -> ListedImage {
        let fileName = source.decompress.name(FileName(path)).text
        let changes = source.image.published(
            look.compression, convertedTo: source.convert, sizeBytesMax: decompression.sizeBytes,
            fileName: fileName, head: look.head)
        var (image, stem) = source.image.described(
            key: "file:\(path)", sourceIndex: sourceIndex, location: path,
            fingerprint: checksum?.description ?? facts?.fingerprint ?? "",
            sizeBytes: facts?.sizeBytes, checksum: checksum, published: changes,
            fileName: fileName, head: look.head, series: source.series, date: date)
        image.seen = facts.map { SeenVersion(changedAt: $0.changedAt) }
        image.updatedAt = facts.map { Timestamp.text($0.changedAt.seconds.clampedProduct(1000)) }
        let checked = source.image.checked(
            look.head, inspects: source.inspects, fileName: fileName, shown: path,
            sizeBytes: image.sizeBytes, isUnpacked: look.compression != nil)
        return ListedImage(
            image, stem: stem, notes: checked.notes,
            refusal: refusal ?? checked.refusal
                ?? source.image.objection(to: changes, shown: path),
            series: SeriesClaim(
                position: "\(source.position)", allowsSeveral: source.seriesHasSeveral))
    }
}
