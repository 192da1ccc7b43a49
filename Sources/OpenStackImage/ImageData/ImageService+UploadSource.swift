// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension ImageService {
    /// Sends the data of a `queued` image from a file, a stream, a URL, … and compares the
    /// checksums that the service reports with those of the sent data.
    ///
    /// After a failure, the record stays as it is, mostly `queued` again.
    /// ``createImage(_:from:_:onProgress:)`` cleans up after a failure.
    ///
    /// - Parameters:
    ///   - store: the store, on a cloud with several; nil for the default store.
    ///   - validates: false to skip the comparison and the request for it.
    ///   - onProgress: called with the bytes read so far.
    /// - Throws: as ``upload(_:from:sizeBytes:store:)``; ``TranshipError/Code/checksumMismatch``
    ///   for data without the promised checksum, which never becomes an image;
    ///   ``TranshipError/Code/verificationMismatch`` and ``TranshipError/Code/unverifiable`` if the
    ///   service reports other checksums, or none to compare; and the errors of reading the source.
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

    /// Sends the data of a `queued` image to the staging area. The service does not report a
    /// checksum of staged data before the import.
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
