// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension ImageService {
    /// Sends the data of a `queued` image from a file, a stream, a URL, … and compares what the
    /// service reports with what was sent.
    ///
    /// A failure leaves the record as it is, mostly `queued` again.
    /// ``createImage(_:from:_:onProgress:)`` cleans up after a failure.
    ///
    /// - Parameters:
    ///   - store: on a cloud with several stores; nil for the default store.
    ///   - validates: false skips the comparison and the request for it.
    ///   - onProgress: called with the bytes read so far.
    /// - Throws: as ``upload(_:from:sizeBytes:store:)``; ``TranshipError/Code/checksumMismatch``
    ///   for data without the promised checksum, which never becomes an image;
    ///   ``TranshipError/Code/verificationMismatch`` and ``TranshipError/Code/unverifiable`` for
    ///   what the service reports; and the errors of reading the source.
    @discardableResult
    public func upload(
        _ id: String, from source: ImageDataSource, _ promises: DataPromises = .init(),
        store: String? = nil, validates: Bool = true,
        onProgress: (@Sendable (Int64) -> Void)? = nil
    ) async throws(TranshipError) -> SentData {
        var promises = promises
        if validates { promises.algorithms.formUnion([.sha512, .md5]) }
        let flow = try SourceFlow(source, promises, onProgress: onProgress)
        var (_, sent) = try await flow.run { sizeBytes throws(TranshipError) in
            try await upload(id, from: flow.ring, sizeBytes: sizeBytes, store: store)
        }
        if validates {
            sent.proof = try DataProof.match(
                sent.checksums, sizeBytes: sent.sizeBytes, with: try await image(id))
        }
        return sent
    }

    /// Sends the data of a `queued` image to the staging area. The service reports no checksum of
    /// it before the import.
    ///
    /// - Throws: as ``stage(_:from:sizeBytes:)``, and ``TranshipError/Code/checksumMismatch``.
    @discardableResult
    public func stage(
        _ id: String, from source: ImageDataSource, _ promises: DataPromises = .init(),
        onProgress: (@Sendable (Int64) -> Void)? = nil
    ) async throws(TranshipError) -> SentData {
        let flow = try SourceFlow(source, promises, onProgress: onProgress)
        return try await flow.run { sizeBytes throws(TranshipError) in
            try await stage(id, from: flow.ring, sizeBytes: sizeBytes)
        }.sent
    }
}
