// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import HTTPTransport
internal import MigrationModel
internal import MigrationPipeline

/// If the source drops the connection, opens it again with `Range` (RFC 9110, section 14). The
/// answer counts only if it is 206 with that part and the same total size, under the same strong
/// ETag or, without one, the same time of change.
extension URLImage {
    func read(
        _ transfer: Transfer, from point: ReadingPoint?, into ring: ByteRing,
        tell: @escaping @Sendable (ReadingEvent) -> Void
    ) async throws(TranshipError) {
        let image = transfer.source
        let version = at(address(of: image))
        guard let published = image.published else {
            return try await version.readPublished(image, from: point, into: ring, tell: tell)
        }
        // Decompressed data has no version from which to continue. So the bytes before the point
        // were read in their published form: the pipeline file was edited since.
        guard point == nil else {
            throw TranshipError(
                .rangeNotSatisfiable, "decompressed data is always read from its beginning")
        }
        try await unpacking.read(image, published, into: ring, tell: tell) {
            (ring, tell) throws(TranshipError) in
            try await version.readPublished(image, from: nil, into: ring, tell: tell)
        }
    }

    private func readPublished(
        _ image: SourceImage, from point: ReadingPoint?, into ring: ByteRing,
        tell: @escaping @Sendable (ReadingEvent) -> Void
    ) async throws(TranshipError) {
        connections.begin(at: endpoint)
        defer { connections.end(at: endpoint) }
        try await reopening.read(from: point, into: ring, tell: tell) {
            (point, opened) throws(TranshipError) in
            let opened = once(opened)
            let reached = try await readParts(image, from: point, into: ring, opened)
            if let reached, reached.offsetBytes == reached.version.totalBytes { return }
            if let point = reached ?? point {
                try await goOn(image, from: point, into: ring, opened)
            } else {
                try await begin(image, into: ring, opened)
            }
        }
    }

    /// Reads the data from its beginning, with retries. One mirror of a pool may lack the planned
    /// file, or have another version, and another one may answer next time.
    private func begin(
        _ image: SourceImage, into ring: ByteRing,
        _ opened: @escaping @Sendable (SourceFacts) -> Void
    ) async throws(TranshipError) {
        var waitSeconds = Self.waitSeconds
        var triesLeft = Self.triesMax
        while true {
            triesLeft -= 1
            do throws(TranshipError) {
                return try await beginOnce(image, into: ring, opened)
            } catch {
                guard triesLeft > 0, !Task.isCancelled,
                    error.answer?.status == 404 || error.code == .sourceChanged
                else { throw error }
            }
            await reopening.wait(waitSeconds)
            waitSeconds *= 2
        }
    }

    private func beginOnce(
        _ image: SourceImage, into ring: ByteRing,
        _ opened: @escaping @Sendable (SourceFacts) -> Void
    ) async throws(TranshipError) {
        let shown = image.location
        var request = reading(image)
        // Without a declared length, the answer might never end.
        request.bodyBytesMax = image.sizeAtSourceBytes
        // In a pool, the server that the plan saw may have had another version.
        request.declaredLengthCounts = image.promise != nil
        // The transport's errors already contain the URL.
        let response = try await client.download(request, into: ring) {
            (head) throws(TranshipError) in
            if head.status == 204 { return }
            guard head.status == 200 else { throw Self.refusal(head, shown) }
            if let now = image.otherVersion(in: head) { throw Self.changed(shown, to: now) }
            var facts = SourceFacts(
                sizeBytes: head.headers.contentLengthBytes, version: head.sourceVersion)
            facts.whoAnswered = head.whoAnswered
            opened(facts)
        }
        guard response.status == 200 || response.status == 204 else {
            throw Self.refusal(response, shown)
        }
        if response.status == 204 { opened(SourceFacts(sizeBytes: 0)) }
    }

    /// Reads the data from a byte to the end.
    private func goOn(
        _ image: SourceImage, from point: ReadingPoint, into ring: ByteRing,
        _ opened: @escaping @Sendable (SourceFacts) -> Void
    ) async throws(TranshipError) {
        let shown = image.location
        let origin = endpoint
        try memory.check(origin)
        var request = reading(image)
        request.headers["Range"] = "bytes=\(point.offsetBytes)-"
        if let tag = point.version.strongETag { request.headers["If-Range"] = tag }
        let response: HTTPResponse
        let isOther = Guarded(false)
        do {
            response = try await client.download(request, into: ring) {
                (head) throws(TranshipError) in
                if let now = point.version.other(in: head) {
                    isOther.withLock { $0 = true }
                    throw Self.cannotGoOn(shown, point, "answered with another version: \(now)")
                }
                if let words = head.objection(toPart: { $0.continues(point) }) {
                    throw Self.cannotGoOn(shown, point, "answered \(words)")
                }
                opened(
                    SourceFacts(sizeBytes: head.contentRange?.total, version: point.version))
            }
        } catch {
            // Check this here, because a range that is longer than declared shows only at its end.
            if error.code == .rangeNotSatisfiable, !isOther.withLock({ $0 }) {
                memory.remember(origin)
            }
            throw error
        }
        if response.status == 400 || response.status == 416 {
            memory.remember(origin)
            throw Self.cannotGoOn(shown, point, "answered \(response.status)")
        }
        guard response.isSuccess else { throw Self.refusal(response, shown) }
    }

    private static func cannotGoOn(
        _ shown: String, _ point: ReadingPoint, _ words: String
    ) -> TranshipError {
        TranshipError(
            .rangeNotSatisfiable,
            "\(shown) was asked for the bytes from \(point.offsetBytes) on and \(words)")
    }

    static func refusal(_ response: HTTPResponse, _ shown: String) -> TranshipError {
        let refusal = response.refusal(by: .source, asked: "GET \(shown)")
        if [404, 410].contains(response.status) {
            return TranshipError(
                .sourceUnavailable,
                "\(shown) was there at the last look, and is not any more: \(refusal.message)",
                hint: "run again, which looks at it again: its publisher may have replaced it",
                answer: refusal.answer)
        }
        return TranshipError(
            refusal.isTransient ? refusal.code : .sourceUnavailable,
            "\(shown) cannot be read: \(refusal.message)",
            hint: refusal.hintedByStatus.hint ?? "check the URL and who may read it",
            answer: refusal.answer, isTransient: refusal.isTransient)
    }

    /// Returns the planned facts, because the service itself opens the URL.
    func facts(_ transfer: Transfer) async throws(TranshipError) -> SourceFacts {
        SourceFacts(sizeBytes: transfer.source.sizeBytes)
    }

    private static func changed(_ shown: String, to now: String) -> TranshipError {
        TranshipError(
            .sourceChanged, "\(shown) has changed since it was planned: it is \(now) now",
            hint: "run again, which makes a new plan")
    }
}

extension SourceImage {
    /// Returns the version in the server's answer if it is not the planned one; nil if it is.
    ///
    /// Applies only to images without a checksum, which is the better proof. A time of change that
    /// equals the time of the plan's answer proves nothing. Neither does an ETag or a time without
    /// information.
    func otherVersion(in head: HTTPResponse) -> String? {
        guard promise == nil else { return nil }
        let isSameFile = Self.isSameFile(
            self, sizeBytes: head.wholeBytes, now: head.headers["Last-Modified"],
            before: seen?.lastModified)
        if isSameFile { return nil }
        if let tag = head.eTag,
            let planned = SeenVersion.tag(seen?.eTag, besides: seen?.lastModified)
        {
            return tag == planned ? nil : tag
        }
        guard seen?.isStamped != true, let time = SeenVersion.time(head.headers["Last-Modified"]),
            let planned = SeenVersion.time(seen?.lastModified)
        else { return nil }
        return time == planned ? nil : time
    }
}

extension HTTPResponse {
    private static let stampSecondsMax: Int64 = 2

    /// True if the time of change is the time of the answer: scripts and proxies that know no other
    /// time write that. It proves no version (RFC 9110, section 8.8.2.2).
    var isStamped: Bool {
        guard let sent = seconds("Date"), let changed = seconds("Last-Modified") else {
            return false
        }
        return abs(sent.clampedDifference(changed)) <= Self.stampSecondsMax
    }

    /// True if the time of change advanced with the clock since another answer. The times of two
    /// mirrors differ by more.
    func ticks(after other: HTTPResponse) -> Bool {
        guard let before = other.seconds("Last-Modified"), let now = seconds("Last-Modified") else {
            return false
        }
        return (1...Self.stampSecondsMax).contains(now.clampedDifference(before))
    }

    private func seconds(_ name: String) -> Int64? {
        headers[name].flatMap(UTCTime.unixSecondsOfHTTPDate)
    }

    /// The version to compare with a later range; nil if it proves nothing.
    var sourceVersion: SourceVersion? {
        if headers["Accept-Ranges"]?.lowercased() == "none" { return nil }
        let version = SourceVersion(
            strongETag: strongETag, lastModified: isStamped ? nil : headers["Last-Modified"],
            totalBytes: wholeBytes)
        return version.isProof ? version : nil
    }

    /// The length of the whole data, even if the answer is a part of it.
    fileprivate var wholeBytes: Int64? {
        status == 206 ? contentRange?.total : headers.contentLengthBytes
    }

    /// The strong ETag (RFC 9110, section 8.8.3); weak ones begin with `W/`.
    fileprivate var strongETag: String? {
        headers["ETag"].flatMap { $0.hasPrefix("\"") && $0.count > 2 ? $0 : nil }
    }
}

extension SourceVersion {
    /// Returns the version in the answer if it is another one; nil if it is this one. The answer to
    /// a range has the same validators as the whole data (RFC 9110, section 15.3.7).
    func other(in head: HTTPResponse) -> String? {
        if let strongETag {
            let now = head.headers["ETag"]
            return now == strongETag ? nil : "ETag \(now ?? "none"), before \(strongETag)"
        }
        let now = head.headers["Last-Modified"]
        guard now == lastModified else {
            return "changed \(now ?? "at no known time"), before \(lastModified ?? "unknown")"
        }
        return nil
    }
}

extension ContentRange {
    /// Returns true if the answer is the whole rest of data with the same total size.
    fileprivate func continues(_ point: ReadingPoint) -> Bool {
        guard let total, first == point.offsetBytes, last == total - 1 else { return false }
        return point.version.totalBytes == nil || point.version.totalBytes == total
    }
}
