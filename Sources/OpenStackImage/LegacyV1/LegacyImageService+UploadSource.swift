// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension LegacyImageService {
    /// Creates an image with data from a file, a stream, a URL, … and compares the MD5 that the
    /// service reports with that of the data.
    ///
    /// A failure leaves a record behind, mostly `killed`, as in ``create(_:from:sizeBytes:)``.
    ///
    /// - Parameter onProgress: called with the bytes read so far.
    /// - Throws: as ``create(_:from:sizeBytes:)``, ``TranshipError/Code/checksumMismatch`` for data
    ///   without the promised checksum, ``TranshipError/Code/verificationMismatch``, and the errors
    ///   of reading the source.
    public func create(
        _ fields: LegacyImageFields, from source: ImageDataSource,
        _ promises: DataPromises = .init(), onProgress: (@Sendable (Int64) -> Void)? = nil
    ) async throws(TranshipError) -> LegacyImage {
        let flow = try SourceFlow(source, Self.hashed(promises), onProgress: onProgress)
        let (image, sent) = try await flow.run { sizeBytes throws(TranshipError) in
            try await create(fields, from: flow.ring, sizeBytes: sizeBytes)
        }
        return try Self.compared(image, sent)
    }

    /// The same for a `queued` image, together with metadata.
    @discardableResult
    public func upload(
        _ id: String, _ fields: LegacyImageFields = .init(), from source: ImageDataSource,
        _ promises: DataPromises = .init(), onProgress: (@Sendable (Int64) -> Void)? = nil
    ) async throws(TranshipError) -> LegacyImage {
        let flow = try SourceFlow(source, Self.hashed(promises), onProgress: onProgress)
        let (image, sent) = try await flow.run { sizeBytes throws(TranshipError) in
            try await upload(id, fields, from: flow.ring, sizeBytes: sizeBytes)
        }
        return try Self.compared(image, sent)
    }

    private static func hashed(_ promises: DataPromises) -> DataPromises {
        var promises = promises
        promises.algorithms.insert(.md5)
        return promises
    }

    private static func compared(
        _ image: LegacyImage, _ sent: SentData
    ) throws(TranshipError) -> LegacyImage {
        guard let reported = image.checksums.first,
            let own = sent.checksums.first(where: { $0.algorithm == .md5 }), own != reported
        else { return image }
        throw TranshipError(
            .verificationMismatch,
            "image \(image.id) must have \(own), but the service reports \(reported)")
    }
}
