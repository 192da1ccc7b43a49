// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import Decompression
internal import Digests
internal import ImageFormats
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles

/// The decompression that an entry's `decompress` sets.
struct Unpacking {
    let setting: DecompressSetting
    let limits: DecompressionLimits

    /// The findings from the first bytes of published data.
    struct Look {
        var compression: Compression?
        /// The head of the decompressed data; nil if the bytes do not contain it.
        var head: ImageHead?
        var refusal: TranshipError?
        /// The format, if it is a compression without its own checksum; nil for other data.
        var unprovedFormat: String?
    }

    /// The number of first bytes that a look needs: a block of bzip2 has up to 900 kB, and nothing
    /// can be decompressed before its end.
    var headBytes: Int { setting == .none ? ImageHead.bytesMax : 1 << 20 }

    /// Examines the first bytes.
    ///
    /// - Parameter bytes: the first bytes of the published data. If nil, because they could not be
    ///   read, the extension decides.
    func look(_ bytes: [UInt8]?, fileName: String, shown: String) -> Look {
        guard setting != .none else { return Look(head: bytes.map { ImageHead($0) }) }
        guard let bytes else {
            return Look(
                compression: setting.compression
                    ?? Compression(rawValue: FileName(fileName).fileExtension))
        }
        let outer = ImageHead(bytes)
        let found = outer.kind?.compression
        if let wanted = setting.compression, wanted != found {
            return Look(
                refusal: TranshipError(
                    .formatRejected,
                    "\(shown) does not begin as \(wanted.rawValue) data, and `decompress` says "
                        + "\(wanted.rawValue)",
                    hint: "write `decompress: auto`, or look at the data: an error page may be in "
                        + "the place of the image"))
        }
        guard let found else { return Look(head: outer) }
        let inner = Decompressor(found, limits: limits, shown: shown)
            .head(of: bytes, bytesMax: ImageHead.bytesMax)
        let lacksChecksum = Decompressor.lacksChecksum(bytes, found)
        return Look(
            compression: found, head: inner.isEmpty ? nil : ImageHead(inner),
            unprovedFormat: lacksChecksum ? found.rawValue : nil)
    }

    // MARK: Reading

    /// Reads published data into its own ring.
    typealias ReadPublished = (
        _ ring: ByteRing, _ tell: @escaping @Sendable (ReadingEvent) -> Void
    ) async throws(TranshipError) -> Void

    private static let ringBytes = 1 << 20

    /// Reads published data, proves it, and writes its decompressed form into the ring.
    ///
    /// - Throws: ``TranshipError/Code/checksumMismatch`` and ``TranshipError/Code/sourceTruncated``
    ///   if the published data differs from the promise;
    ///   ``TranshipError/Code/decompressionFailed``; the errors of `readPublished`.
    func read(
        _ source: SourceImage, _ published: PublishedData, into ring: ByteRing,
        tell: @escaping @Sendable (ReadingEvent) -> Void, by readPublished: ReadPublished
    ) async throws(TranshipError) {
        let digest = try StreamingDigest(published.checksum?.algorithm ?? .sha256)
        let inner = ByteRing(
            capacityBytes: Self.ringBytes, observers: [{ digest.update($0) }])
        async let unpacked = unpack(source, published, from: inner, into: ring)
        var failure: TranshipError?
        do throws(TranshipError) {
            try await readPublished(inner) { event in
                guard case .opened(let facts) = event else { return tell(event) }
                // Size and version describe the published bytes, not the bytes in the ring.
                var known = SourceFacts(sizeBytes: nil, members: facts.members)
                known.whoAnswered = facts.whoAnswered
                tell(.opened(known))
            }
            inner.finishWriting()
        } catch {
            failure = inner.failure ?? error
            inner.fail(error)
        }
        failure = await unpacked ?? failure
        tell(.took(bytes: inner.writtenBytes))
        if let failure { throw failure }
        // Wait for the digest, which runs on its own thread and may lag behind the decompression.
        let sizeBytes = try await inner.finished()
        let proof = PublishedProof(checksum: try digest.finish(), sizeBytes: sizeBytes)
        try published.compare(proof, shown: source.location)
        tell(.proved(proof))
    }

    /// - Returns: the reason that it failed; nil if it succeeded.
    private func unpack(
        _ source: SourceImage, _ published: PublishedData, from inner: ByteRing,
        into ring: ByteRing
    ) async -> TranshipError? {
        let decompressor = published.compression.map {
            Decompressor($0, limits: limits, shown: source.location)
        }
        do throws(TranshipError) {
            try await BlockingWork.run(failingOnCancel: inner) {
                if let decompressor {
                    try decompressor.run(from: inner, into: ring)
                } else {
                    try inner.pour(into: ring)
                }
            }
            return nil
        } catch {
            inner.fail(error)
            // The failure of the read came first, and this one is its consequence.
            return inner.failure ?? error
        }
    }
}

extension PublishedData {
    /// The reason that a service cannot fetch the data itself.
    var reason: PlanReason { conversion == nil ? .dataIsDecompressed : .dataIsConverted }

    /// Compares the data with the promise.
    fileprivate func compare(_ proof: PublishedProof, shown: String) throws(TranshipError) {
        // A matching checksum proves the data, even if its size differs from the planned size.
        if let checksum, checksum.matches(proof.checksum) { return }
        if let sizeBytes, sizeBytes != proof.sizeBytes {
            throw TranshipError(
                .sourceTruncated,
                "\(shown) had \(sizeBytes) bytes when it was planned and gave \(proof.sizeBytes)",
                hint: "compare the source with its publisher", leavesNothing: true)
        }
        guard let checksum else { return }
        throw TranshipError(
            .checksumMismatch,
            "the published data of \(shown) does not match its checksum: promised \(checksum), read "
                + "\(proof.checksum) over \(proof.sizeBytes) bytes",
            hint:
                "check the source: its data is damaged, or the checksum is for "
                + "a different version of the file", leavesNothing: true)
    }
}

extension DataKind {
    /// The compression; nil for data that Tranship does not decompress.
    fileprivate var compression: Compression? {
        switch self {
        case .xz: .xz
        case .gzip: .gz
        case .bzip2: .bz2
        case .zstd: .zst
        default: nil
        }
    }
}
