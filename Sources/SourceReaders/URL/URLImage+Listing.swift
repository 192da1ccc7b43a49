// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import Decompression
internal import Digests
internal import Foundation
internal import HTTPTransport
internal import ImageFormats
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles

extension URLImage {
    /// The number of tries. The wait before the second try is ``waitSeconds``, and doubles each
    /// time.
    static let triesMax = 3
    static let waitSeconds = 0.5

    /// Examines the URL without reading it: existence, size and version.
    ///
    /// - Throws: only ``TranshipError/Code/interrupted``. Problems of this source become its
    ///   refusal.
    func list(
        _ listing: Listing, page: ([ListedImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        let known = try await remembered(listing)
        guard let pattern = source.latest else {
            return try await page([try await look(known: known, date: listing.date)])
        }
        let listed: ListedImage
        do throws(TranshipError) {
            let newest = try await newestOfPool(pattern, known: known)
            listed = try await filled(newest, known: known, date: listing.date)
        } catch {
            if error.code == .interrupted { throw error }
            listed = unknown(error, date: listing.date)
        }
        try await page([listed])
    }

    /// Returns the key of the image. A query may be a signature, which differs from day to day, so
    /// it is not part of the key. But a script serves many files, so the file that its query names
    /// is.
    func key(shown: String) -> String {
        URLSource.key(shown) + (FileName.inQuery(of: url).map { "?\($0)" } ?? "")
            + (source.alias ?? "")
    }

    /// Returns the rules for the upstream.
    ///
    /// - Parameter list: the list of checksums, if there is one.
    func rules(_ list: PublishedList.Read?) -> UpstreamRules {
        UpstreamRules(
            allowsDowngrade: source.allowsDowngrade, staleAfterSeconds: source.staleAfterSeconds,
            keyring: source.signature?.keyring, keyringDigest: list?.keyring,
            signers: list?.signers ?? [], selector: selector)
    }

    /// Examines the data at the URL.
    ///
    /// - Parameters:
    ///   - newest: the version at the address, if it is known.
    ///   - known: the last look of this entry.
    func look(
        _ newest: Newest? = nil, known: Upstream.Look?, date: String
    ) async throws(TranshipError) -> ListedImage {
        let shown = Self.withoutSecrets(url)
        var known = known.flatMap { $0.image.location == shown ? $0 : nil }
        var found = Probe()
        var problem: TranshipError?
        var checksum = source.checksum
        var list: PublishedList.Read?
        do throws(TranshipError) {
            (checksum, list) = try await promise(newest, known)
            if let known,
                list?.isUnchanged == true || (list != nil && checksum == known.image.promise)
            {
                return unchanged(known, list, date: date)
            }
        } catch {
            problem = error
        }
        // If the promise has changed since the last look, that look does not count.
        if list == nil, known?.image.promise != checksum { known = nil }
        if problem == nil {
            do throws(TranshipError) {
                // If the list has changed, do not rely on the headers of the data.
                found = try await connections.asking(url) { () throws(TranshipError) in
                    try await probe(known: list == nil ? known : nil)
                }
            } catch {
                problem = error.hintedByStatus.whileDoing("looking at \(shown)")
            }
        }
        if let problem, problem.code == .interrupted { throw problem }
        found.digestHead(known?.image)
        if found.isUnchanged, let known { return unchanged(known, list, date: date) }
        return listed(found, problem, newest, checksum, list, date: date)
    }

    /// Returns the image for the results of a look at its data.
    private func listed(
        _ found: Probe, _ problem: TranshipError?, _ newest: Newest?, _ checksum: Checksum?,
        _ list: PublishedList.Read?, date: String
    ) -> ListedImage {
        let shown = Self.withoutSecrets(url)
        var (found, problem) = (found, problem)
        if checksum != nil, problem?.isTransient == true, source.image.diskFormat != nil {
            // The promise identifies the version, and the transfer tries again.
            found.unseen = problem?.message
            problem = nil
        }
        problem = problem ?? Self.objection(to: found, newest, shown: shown)
        found.sizeBytes = found.sizeBytes ?? newest?.sizeBytes
        let (published, noFileName) = nameOfFile(found)
        let data = unpacking.look(found.bytes, fileName: published, shown: shown)
        let fileName = source.decompress.name(FileName(published)).text
        let changes = source.image.published(
            data.compression, convertedTo: source.convert, sizeBytesMax: decompression.sizeBytes,
            fileName: fileName, head: data.head)
        let seen = found.seen
        var (image, stem, unnamed) = source.image.described(
            key: key(shown: shown), sourceIndex: sourceIndex, location: shown,
            fingerprint: checksum?.description
                ?? Self.fingerprint(seen, sizeBytes: found.sizeBytes),
            sizeBytes: found.sizeBytes, checksum: checksum, published: changes,
            fileName: fileName, head: data.head, series: source.series,
            version: newest?.version, lineageStem: newest.map { self.stem(of: $0) }, date: date)
        image.alias = source.alias
        image.signedBy = list?.signedBy
        image.placeTemplate = placeTemplate
        image.isAtMirrors = true
        image.properties.merge(newest?.properties ?? [:]) { own, _ in own }
        if source.hasProofProperties { image.addProofProperties() }
        let checked = source.image.checked(
            data.head, inspects: source.inspects, fileName: fileName, shown: shown,
            sizeBytes: image.sizeBytes, contentType: found.header("Content-Type"),
            isUnpacked: data.compression != nil, isPromised: checksum != nil)
        if found.answer != nil {
            problem =
                problem ?? data.refusal ?? checked.refusal ?? noFileName
                ?? source.image.objection(to: changes, shown: shown)
        }
        problem = problem ?? unnamed
        var listed = ListedImage(
            image, stem: stem, notes: checked.notes, refusal: problem, series: claim)
        listed.upstream = rules(list)
        listed.isPromisedByHand = source.checksum != nil
        if checksum == nil { listed.image.seen = seen }
        if checksum == nil, problem == nil {
            listed.notes += found.notes(isUnpacked: data.compression != nil)
            if let format = data.unprovedFormat {
                listed.notes.append(.noInnerChecksum(format: format))
            }
        }
        if let reason = found.unseen, problem == nil {
            listed.notes.append(.unseenData(reason: reason))
        }
        let look = look(listed, found, list)
        listed.upstream?.look = look
        return listed
    }

    /// Returns the reason that the data contradicts an index; nil if it does not.
    private static func objection(
        to found: Probe, _ newest: Newest?, shown: String
    ) -> TranshipError? {
        guard let stated = newest?.sizeBytes, let has = found.sizeBytes, stated != has else {
            return nil
        }
        return TranshipError(
            .sourceTruncated, "the index says that \(shown) has \(stated) bytes, and it has \(has)",
            hint:
                "run again later: its publisher may still be uploading it; if it stays so, ask the "
                + "publisher, or leave the product out with `products`")
    }

    /// Returns the checksum that the data must have, and the list that contains it.
    private func promise(
        _ newest: Newest?, _ last: Upstream.Look?
    ) async throws(TranshipError) -> (Checksum?, PublishedList.Read?) {
        if locatesByImage { return (newest?.promise, newest?.promise == nil ? nil : newest?.list) }
        guard source.checksum == nil, let file = source.checksumFile else {
            return (source.checksum, nil)
        }
        let published = published(file, newest?.version)
        var known = newest?.list
        if known == nil {
            do throws(TranshipError) {
                known = try await read(published, known: last?.list)
            } catch {
                guard error.code == .notFound,
                    let found = try await promise(behindRedirect: published, nil)
                else { throw error }
                return (found.0, found.1)
            }
        }
        guard let read = known else { return (nil, nil) }
        if read.isUnchanged { return (last?.image.promise, read) }
        // A script serves the file that its query names.
        let inQuery = FileName.inQuery(of: url)
        let path = inQuery ?? published.path(of: url)
        do throws(TranshipError) {
            return (
                try read.list.checksum(
                    forPath: path, wholePath: inQuery ?? Self.path(url), shown: published.shown),
                read
            )
        } catch {
            if error.cause is NotListed,
                let found = try await promise(behindRedirect: published, read)
            {
                return (found.0, found.1)
            }
            throw error.beside(latest: source.latest, in: read.list)
        }
    }

    /// Returns the name of the file at the URL, and the reason if there is none.
    private func nameOfFile(_ found: Probe) -> (name: String, refusal: TranshipError?) {
        let name = FileName(url: url).text
        guard FileName.isUnknown(url: url) else { return (name, nil) }
        if let given = found.header("Content-Disposition").flatMap(ContentDisposition.fileName) {
            return (given, nil)
        }
        let usesName =
            (source.series ?? source.image.name).placeholders.contains(.stem)
            || source.image.name.placeholders.contains(.stem)
        guard usesName else { return (name, nil) }
        return (
            name,
            TranshipError(
                .refused,
                "\(Self.withoutSecrets(url)) names no file: neither its query nor the answer",
                hint: "name the image with `name` under `image`")
        )
    }

    /// Returns the text from which ids of copies derive. Must never change.
    private static func fingerprint(_ seen: SeenVersion, sizeBytes: Int64?) -> String {
        [seen.eTag, seen.lastModified, sizeBytes.map { "\($0)" }, seen.headDigest]
            .compactMap { $0 }.joined(separator: " ")
    }

    /// The results of two small requests.
    struct Probe {
        var answer: HTTPResponse?
        var sizeBytes: Int64?
        /// The first bytes; nil if the data was not seen.
        var bytes: [UInt8]?
        /// The reason that it was not seen, if that may be temporary.
        var unseen: String?
        /// True if the data is the same as at the last look.
        var isUnchanged = false

        /// True if two answers for the same data have different ETags. That happens if servers
        /// behind one name do not share their clocks or inode numbers.
        var hasFickleTag = false
        /// True if the time of change is the time of the answer.
        var hasFickleTime = false

        func header(_ name: String) -> String? { answer?.headers[name] }

        /// The facts that reveal a new version.
        var seen: SeenVersion {
            var seen = SeenVersion(
                eTag: hasFickleTag ? nil : header("ETag"), lastModified: header("Last-Modified"),
                headDigest: headDigest)
            seen.isStamped = hasFickleTime || answer?.isStamped == true ? true : nil
            return seen
        }

        var headDigest: String?

        /// True if data that is cut off on the way looks complete. With TLS, the end of the
        /// connection shows whether the server meant it.
        private var hidesCuts: Bool {
            guard let answer, bytes != nil, sizeBytes == nil else { return false }
            return answer.headers.leavesLengthOpen
                && !answer.effectiveURL.lowercased().hasPrefix("https:")
        }

        /// Returns what cannot be noticed about this data, for which no checksum is promised.
        ///
        /// - Parameter isUnpacked: true for compressed data, which shows its end itself.
        func notes(isUnpacked: Bool) -> [Note] {
            var notes = [Note.noChecksum]
            if hidesCuts, !isUnpacked { notes.append(.noLength) }
            if hasFickleTag, seen.lastModified == nil {
                notes.append(.changingETag)
            } else if !seen.showsNewVersions {
                notes.append(.noVersion)
            }
            return notes
        }

        /// Computes the digest of the first bytes if the server reports no version. It reveals some
        /// new versions.
        ///
        /// - Parameter known: the last look. Its digest is kept if the bytes were not seen.
        mutating func digestHead(_ known: SourceImage?) {
            guard !seen.showsNewVersions else { return }
            if let bytes {
                let head = Array(bytes.prefix(ImageHead.bytesMax))
                headDigest = (try? digest(.sha256, of: head)).map { "head \($0)" }
            } else if let known, known.sizeAtSourceBytes == sizeBytes {
                headDigest = known.seen?.headDigest
            }
        }
    }

    /// Probes the URL, with retries: one mirror of a pool may lack the file or be overloaded, and
    /// another one may answer next time.
    private func probe(known: Upstream.Look?) async throws(TranshipError) -> Probe {
        var waitSeconds = Self.waitSeconds
        var triesLeft = Self.triesMax
        while true {
            triesLeft -= 1
            do throws(TranshipError) {
                return try await probeOnce(known)
            } catch {
                // If a server does not answer for a minute, leave the retry to the run.
                guard triesLeft > 0, !Task.isCancelled,
                    error.code == .notFound || (error.isTransient && error.code != .timedOut)
                else { throw error }
            }
            await reopening.wait(waitSeconds)
            waitSeconds *= 2
        }
    }

    /// Requests the head of the answer, then the first bytes of the data.
    ///
    /// The answer to a HEAD is not final: signed URLs refuse it, and servers that support only GET
    /// answer 404, 500 or a length of 0. The answer to the GET counts.
    ///
    /// - Parameter known: the last look. If the data is still the same, the HEAD is the only
    ///   request.
    private func probeOnce(_ known: Upstream.Look?) async throws(TranshipError) -> Probe {
        var head = request(.head)
        if let known { head.headers.ask(ifChangedFrom: known.eTag, known.lastModified) }
        let response = try await client.send(head)
        if let known {
            let isSame = response.isSuccess && known.isSame(as: response)
            if isSame || (response.status == 304 && head.isConditional) {
                return Probe(answer: response, isUnchanged: true)
            }
        }
        let isEmpty = response.isSuccess && response.headers["Content-Length"] == "0"
        if isEmpty || [304, 400, 403, 404, 405, 410].contains(response.status)
            || response.status >= 500
        {
            return try await beginning()
        }
        try expectSuccess(response, .head)
        var found = Probe(answer: response, sizeBytes: response.headers.contentLengthBytes)
        do {
            let beginning = try await beginning()
            // The answer to the GET decides, also about the version.
            found.answer = beginning.answer ?? found.answer
            found.sizeBytes = beginning.sizeBytes ?? found.sizeBytes
            found.bytes = beginning.bytes
            found.unseen = beginning.unseen
            let tag = beginning.header("ETag")
            found.hasFickleTag = tag != nil && tag != response.headers["ETag"]
            found.hasFickleTime = beginning.answer?.ticks(after: response) == true
        } catch {
            // The transfer examines the data again, and tries again.
            guard error.isTransient else { throw error }
            found.unseen = error.message
        }
        return found
    }

    private func expectSuccess(
        _ response: HTTPResponse, _ method: HTTPRequest.Method
    ) throws(TranshipError) {
        guard !response.isSuccess else { return }
        throw response.refusal(
            by: .source,
            asked: "\(method.rawValue) \(Self.withoutSecrets(url))")
    }

    /// Reads the first bytes only. The transfer reads the rest.
    func beginning() async throws(TranshipError) -> Probe {
        var request = request(.get)
        request.takesCompressed = takesCompressed
        request.headers["Range"] = "bytes=0-\(unpacking.headBytes - 1)"
        var found = try await start(of: request)
        if [400, 416, 501].contains(found.answer?.status) {
            // An empty file has no such range, and some servers do not support ranges.
            request.headers["Range"] = nil
            found = try await start(of: request)
        }
        guard let response = found.answer else { return found }
        try expectSuccess(response, .get)
        // The transfer refuses labelled data that it does not decompress.
        if source.decompress != .none, let bytes = found.bytes,
            unpacking.look(bytes, fileName: "", shown: "").compression == nil,
            let refusal = response.encodingRefusal(asked: "GET \(Self.withoutSecrets(url))")
        {
            throw refusal
        }
        found.sizeBytes = response.headers.contentLengthBytes
        if response.status == 206 {
            found.sizeBytes = response.contentRange?.total
            if response.contentRange?.first != 0 {
                found.bytes = nil
                found.unseen = "the server answered with another part of it"
            }
        }
        return found
    }

    /// Returns the answer and its first bytes.
    ///
    /// - Throws: if there is no answer, or if it is compressed on its way.
    private func start(of request: HTTPRequest) async throws(TranshipError) -> Probe {
        let ring = ByteRing(capacityBytes: 4 * unpacking.headBytes)
        let first = FirstAnswer()
        async let ending = Self.download(request, by: client, into: ring, first)
        var found = Probe()
        var failure: TranshipError?
        do throws(TranshipError) {
            found.bytes = try await ring.head(bytesMax: unpacking.headBytes)
        } catch {
            failure = error
            found.unseen = error.message
        }
        ring.fail(TranshipError(.interrupted, "the first bytes are enough"))
        let ended = await ending
        found.answer = first.answer ?? ended
        if let failure, found.answer == nil || failure.code == .interrupted { throw failure }
        return found
    }

    /// Fills the ring until its reader has enough. Returns the answer if it was complete before
    /// that.
    private static func download(
        _ request: HTTPRequest, by client: HTTPClient, into ring: ByteRing, _ first: FirstAnswer
    ) async -> HTTPResponse? {
        do throws(TranshipError) {
            let response = try await client.download(request, into: ring) {
                (answer) throws(TranshipError) in first.set(answer)
            }
            ring.finishWriting()
            return response
        } catch {
            ring.fail(error)
            return nil
        }
    }
}

/// Keeps the first answer of a request whose body is not read to its end.
private final class FirstAnswer: Sendable {
    private let stored = Guarded<HTTPResponse?>(nil)

    func set(_ answer: HTTPResponse) {
        stored.withLock { $0 = $0 ?? answer }
    }

    var answer: HTTPResponse? { stored.withLock { $0 } }
}
