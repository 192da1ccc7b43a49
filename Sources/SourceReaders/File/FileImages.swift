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

/// A kind of source: the files on this machine that match a pattern.
struct FileImages: ImageSource {
    let source: FileSource
    let sourceIndex: Int
    /// The absolute folder at which relative paths start.
    let baseDirectory: String
    var decompression = DecompressionLimits()

    var unpacking: Unpacking { Unpacking(setting: source.decompress, limits: decompression) }
    var endpoint: String { "this machine" }
    var limitImages: Int? { source.limitsImages }
    var isOnThisMachine: Bool { true }
    var inspection: Inspection { source.inspects ? .refuses : .off }

    func promiser(of image: SourceImage) -> Promiser? { source.promiser(of: image) }

    func fetchable(_ image: SourceImage, for target: CloudRegion?) -> Fetchable {
        .nothing(image.published?.reason ?? .dataIsLocal)
    }

    /// The maximum number of files in one page.
    private static let pageImages = 500

    /// Lists the files, sorted by path. A glob without a match lists nothing. A single missing path
    /// becomes a refusal, so that the other sources can go on.
    func list(
        _ listing: Listing, page: ([ListedImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        if let latest = source.latest {
            return try await page([try await newest(latest, listing)])
        }
        let paths: [String]
        do throws(TranshipError) {
            paths = try source.paths(baseDirectory: baseDirectory)
        } catch {
            return try await page(
                [listed(source.pattern, nil, checksum: nil, listing.date, refusal: error)])
        }
        // A file system that is not mounted looks like an empty folder, so warn.
        if paths.isEmpty {
            listing.missed(
                MissedSelection(
                    place: "\(source.position)", what: "no file matches \(source.pattern)",
                    remedy:
                        "look whether the folder is mounted and its files are there, correct the "
                        + "pattern, or write `allow_empty: true`"))
        }
        // Read the list once for all files.
        let promise = paths.isEmpty ? Promise(own: source.checksum) : try await promise()
        var rest = paths[...]
        while !rest.isEmpty {
            try await page(
                rest.prefix(Self.pageImages).map { path in
                    var listed = image(path, listing.date, promise)
                    // Remember the version of each night: the file may return to a version that is
                    // already copied.
                    if !source.isGlob {
                        listed.upstream = UpstreamRules(
                            allowsDowngrade: true, staleAfterSeconds: source.staleAfterSeconds)
                    }
                    return listed
                })
            rest = rest.dropFirst(Self.pageImages)
        }
    }

    /// The checksums that files must have, and their signer.
    struct Promise {
        var own: Checksum?
        /// The list with the checksums; nil without one.
        var list: (place: PublishedList, read: Result<PublishedList.Read, TranshipError>)?
        var latest: VersionPattern?
        /// True if the list is for all files that match a pattern.
        var isForPattern = false

        func checksum(
            of path: String
        ) throws(TranshipError) -> (checksum: Checksum?, signedBy: String?) {
            guard let (place, result) = list else { return (own, nil) }
            let read = try result.get()
            do throws(TranshipError) {
                return (
                    try read.list.checksum(
                        forPath: place.path(of: path), wholePath: path, shown: place.shown),
                    read.signedBy
                )
            } catch {
                throw isForPattern
                    ? error.besidePattern : error.beside(latest: latest, in: read.list)
            }
        }
    }

    /// Reads the list of checksums, if there is one.
    ///
    /// - Parameter version: the value of `@v`.
    func promise(_ version: String? = nil) async throws(TranshipError) -> Promise {
        guard source.checksum == nil, let file = source.checksumFile else {
            return Promise(own: source.checksum)
        }
        func filled(_ place: String) -> String {
            version.map { VersionPattern.fill(place, with: $0) } ?? place
        }
        let list = PublishedList(
            place: filled(file),
            signature: source.signature.map {
                SignatureRule(keyring: $0.keyring, place: $0.place.map(filled))
            }, client: HTTPClient())
        do throws(TranshipError) {
            return Promise(
                list: (list, .success(try await list.read())), latest: source.latest,
                isForPattern: source.latest == nil && source.isGlob)
        } catch {
            if error.code == .interrupted { throw error }
            return Promise(list: (list, .failure(error)))
        }
    }

    /// - Parameter version: the folder's version that the path belongs to, with `latest`.
    func image(
        _ path: String, _ date: String, _ promise: Promise, version: String? = nil
    ) -> ListedImage {
        do throws(TranshipError) {
            let facts = try FileFacts(path: path)
            let look = unpacking.look(
                try head(of: path), fileName: PathText.lastComponent(path), shown: path)
            let (checksum, signedBy) = try promise.checksum(of: path)
            var listed = listed(
                path, facts, checksum: checksum, look: look, date, version: version,
                refusal: look.refusal)
            listed.image.signedBy = signedBy
            if source.hasProofProperties { listed.image.addProofProperties() }
            return listed
        } catch {
            return listed(path, nil, checksum: nil, date, version: version, refusal: error)
        }
    }

    /// Returns the first bytes of a file.
    private func head(of path: String) throws(TranshipError) -> [UInt8] {
        // A named pipe may have replaced the file, and would block forever.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
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

    func listed(
        _ path: String, _ facts: FileFacts?, checksum: Checksum?,
        look: Unpacking.Look = .init(), _ date: String, version: String? = nil,
        refusal: TranshipError? = nil
    ) -> ListedImage {
        let fileName = source.decompress.name(FileName(path)).text
        let changes = source.image.published(
            look.compression, convertedTo: source.convert, sizeBytesMax: decompression.sizeBytes,
            fileName: fileName, head: look.head)
        var (image, stem, unnamed) = source.image.described(
            key: FileSource.key(path) + (source.alias ?? ""),
            sourceIndex: sourceIndex, location: path,
            fingerprint: checksum?.description ?? facts?.fingerprint ?? "",
            sizeBytes: facts?.sizeBytes, checksum: checksum, published: changes,
            fileName: fileName, head: look.head, series: source.series, version: version,
            lineageStem: stemOfVersions, date: date)
        image.alias = source.alias
        image.seen = facts.map { SeenVersion(changedAt: $0.changedAt) }
        image.updatedAt = facts.map { Timestamp.text($0.changedAt.seconds.clampedProduct(1000)) }
        let checked = source.image.checked(
            look.head, inspects: source.inspects, fileName: fileName, shown: path,
            sizeBytes: image.sizeBytes, isUnpacked: look.compression != nil,
            isPromised: checksum != nil,
            isOneOfSeveral: source.isOneOfSeveral || source.isGlob && source.latest == nil)
        var notes = checked.notes
        if checksum == nil, let format = look.unprovedFormat {
            notes.append(.noInnerChecksum(format: format))
        }
        let refusal =
            refusal ?? checked.refusal ?? source.image.objection(to: changes, shown: path)
            ?? unnamed
        if source.latest != nil, version == nil { source.image.showPlace(of: &image) }
        return ListedImage(
            image, stem: stem, notes: notes, refusal: refusal,
            series: SeriesClaim(
                position: "\(source.position)", allowsSeveral: source.seriesHasSeveral))
    }
}
