// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import Foundation
internal import HTTPTransport
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles
internal import Synchronization

extension URLImage {
    /// Looks at the URL without reading it: is it there, how large, which version?
    ///
    /// - Throws: only ``TranshipError/Code/interrupted``. What is wrong with this
    ///   source is its own refusal.
    func list(
        _ listing: Listing, page: ([ListedImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        try await page([try await look(date: listing.date)])
    }

    private func look(date: String) async throws(TranshipError) -> ListedImage {
        let shown = Self.withoutSecrets(source.url)
        var head: HTTPResponse?
        var problem: TranshipError?
        do {
            head = try await probe()
        } catch {
            problem = error.whileDoing("looking at \(shown)")
        }
        var checksum = source.checksum
        if checksum == nil, let file = source.checksumFile, problem == nil {
            do {
                let list = PublishedList(
                    place: file, client: client, wait: reopening.wait)
                checksum = try await list.read(headers: headers, origin: endpoint)
                    .checksum(forPath: list.path(of: source.url), shown: list.shown)
            } catch {
                problem = error
            }
        }
        if let problem, problem.code == .interrupted { throw problem }
        if checksum != nil, problem?.isTransient == true {
            // The promise says which version it is; the transfer tries again.
            problem = nil
        }
        let size = head?.headers["Content-Length"].flatMap { Int64($0) }
        let seen = SeenVersion(
            eTag: head?.headers["ETag"], lastModified: head?.headers["Last-Modified"])
        let (image, stem) = source.image.described(
            key: "url:\(shown)", sourceIndex: sourceIndex, location: shown,
            fingerprint: checksum?.description ?? Self.fingerprint(seen, sizeBytes: size),
            sizeBytes: size, checksum: checksum, fileName: Self.fileName(source.url),
            series: source.series, date: date)
        var listed = ListedImage(
            image, stem: stem, refusal: problem,
            series: SeriesClaim(
                position: "\(source.position)", allowsSeveral: source.seriesHasSeveral))
        if checksum == nil { listed.image.seen = seen }
        if checksum == nil, problem == nil {
            listed.notes.append("no checksum is promised: what arrives cannot be compared")
        }
        return listed
    }

    /// The text that ids of copies are derived from: never to be changed.
    private static func fingerprint(_ seen: SeenVersion, sizeBytes: Int64?) -> String {
        [seen.eTag, seen.lastModified, sizeBytes.map { "\($0)" }]
            .compactMap { $0 }.joined(separator: " ")
    }

    /// The head of the final answer. What a HEAD says is not final: signed URLs
    /// refuse it, and servers that know only GET answer 404 or a length of 0. A
    /// GET, whose body is not read, decides then.
    private func probe() async throws(TranshipError) -> HTTPResponse {
        var request = request(.head)
        var response = try await client.send(request)
        let isEmpty = response.isSuccess && response.headers["Content-Length"] == "0"
        if isEmpty || [400, 403, 404, 405, 501].contains(response.status) {
            request.method = .get
            let ring = ByteRing(capacityBytes: 64 << 10)
            // The body is not read.
            let first = Mutex<HTTPResponse?>(nil)
            do {
                response = try await client.download(request, into: ring) {
                    (answer) throws(TranshipError) in
                    first.withLock { $0 = $0 ?? answer }
                    throw TranshipError(.interrupted, "the head is enough")
                }
            } catch {
                guard let answer = first.withLock({ $0 }) else { throw error }
                response = answer
            }
        }
        guard (200...299).contains(response.status) else {
            throw response.refusal(
                by: "the source",
                asked: "\(request.method.rawValue) \(Self.withoutSecrets(source.url))")
        }
        return response
    }
}
