// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import HTTPTransport
internal import MigrationModel
internal import MigrationPipeline

/// A part counts only if the answer is 206 with exactly those bytes and the planned total size,
/// under the same strong ETag or, without one, the same time of change.
extension URLImage {
    /// Reads over several connections, as long as that is faster than one.
    ///
    /// - Returns: the point at which one connection continues; nil if nothing was read.
    func readParts(
        _ image: SourceImage, from point: ReadingPoint?, into ring: ByteRing,
        _ opened: @escaping @Sendable (SourceFacts) -> Void
    ) async throws(TranshipError) -> ReadingPoint? {
        guard !memory.knows(endpoint) else { return nil }
        // The first part defines the version, and the other parts must match it.
        let version = Guarded(point?.version)
        let total = point == nil ? image.sizeAtSourceBytes : point?.version.totalBytes
        let parts = PartedReading(
            connections: connections, endpoint: endpoint, limit: limitImages, totalBytes: total,
            answerSeconds: client.shortestAnswerSeconds(of: url), wait: reopening.wait
        ) { (part, ring) throws(TranshipError) in
            let known = version.withLock { $0 }
            let found = try await readPart(part, of: total, known, image, into: ring, opened)
            version.withLock { $0 = $0 ?? found }
        }
        let first = point?.offsetBytes ?? 0
        let reached = try await parts.read(from: first, into: ring)
        guard reached > first, let version = version.withLock({ $0 }) else { return nil }
        return ReadingPoint(offsetBytes: reached, version: version)
    }

    /// Reads one part.
    ///
    /// - Parameter known: the version; nil for the very first part.
    /// - Returns: the version to which the part belongs.
    private func readPart(
        _ part: ClosedRange<Int64>, of total: Int64?, _ known: SourceVersion?,
        _ image: SourceImage, into ring: ByteRing,
        _ opened: @escaping @Sendable (SourceFacts) -> Void
    ) async throws(TranshipError) -> SourceVersion? {
        let shown = image.location
        var request = reading(image)
        request.headers["Range"] = "bytes=\(part.lowerBound)-\(part.upperBound)"
        if let tag = known?.strongETag { request.headers["If-Range"] = tag }
        request.bodyBytesMax = Int64(part.count)
        let found = Guarded(known)
        let response = try await client.download(request, into: ring) {
            (head) throws(TranshipError) in
            if let now = known?.other(in: head) {
                throw Self.refused(part, shown, "answered with another version: \(now)")
            }
            let objection = head.objection(toPart: { range in
                range.first == part.lowerBound && range.last == part.upperBound
                    && range.total == total
            })
            if let objection { throw Self.refused(part, shown, "answered \(objection)") }
            guard let version = known ?? head.sourceVersion else {
                throw Self.refused(part, shown, "does not say of which version they are")
            }
            // The whole data is requested next, and its answer gives a better error.
            if known == nil, let now = image.otherVersion(in: head) {
                throw Self.refused(part, shown, "answered with another version: \(now)")
            }
            found.withLock { $0 = version }
            var facts = SourceFacts(sizeBytes: total, version: version)
            facts.whoAnswered = head.whoAnswered
            opened(facts)
        }
        guard response.isSuccess else { throw Self.refusal(response, shown) }
        return found.withLock { $0 }
    }

    private static func refused(
        _ part: ClosedRange<Int64>, _ shown: String, _ words: String
    ) -> TranshipError {
        TranshipError(
            .rangeNotSatisfiable,
            "\(shown) was asked for the bytes \(part.lowerBound) to \(part.upperBound) and \(words)"
        )
    }
}
