// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension ImageService {
    /// Sends the data of a `queued` image from a file, a stream, a URL, … and
    /// compares what the service then reports with what was sent.
    ///
    /// The record itself is left alone on failure, `queued` again in most
    /// cases: ``createImage(_:from:_:)`` is what cleans up after itself.
    ///
    /// - Parameters:
    ///   - store: of a cloud with several; nil is its default.
    ///   - validates: false does without the comparison, and the request for
    ///     it.
    ///   - onProgress: called with the bytes read so far.
    /// - Throws: as ``upload(_:from:sizeBytes:store:)``,
    ///   ``TranshipError/Code/checksumMismatch`` for data that is not what was
    ///   promised (none of it becomes an image),
    ///   ``TranshipError/Code/verificationMismatch`` and
    ///   ``TranshipError/Code/unverifiable`` for what the service reports,
    ///   and what reading the source did.
    @discardableResult
    public func upload(
        _ id: String, from source: ImageDataSource, _ promises: DataPromises = .init(),
        store: String? = nil, validates: Bool = true,
        onProgress: (@Sendable (Int64) -> Void)? = nil
    ) async throws(TranshipError) -> SentData {
        var promises = promises
        if validates { promises.algorithms.formUnion([.sha512, .md5]) }
        let flow = try SourceFlow(source, promises, onProgress: onProgress)
        var sent = try await flow.run { sizeBytes throws(TranshipError) in
            try await upload(id, from: flow.ring, sizeBytes: sizeBytes, store: store)
        }
        if validates {
            sent.proof = try DataProof.match(
                sent.checksums, sizeBytes: sent.sizeBytes, with: try await image(id))
        }
        return sent
    }

    /// Sends the data of a `queued` image to the staging area. The service
    /// reports nothing of it before it is imported.
    ///
    /// - Throws: as ``stage(_:from:sizeBytes:)``, and
    ///   ``TranshipError/Code/checksumMismatch``.
    @discardableResult
    public func stage(
        _ id: String, from source: ImageDataSource, _ promises: DataPromises = .init(),
        onProgress: (@Sendable (Int64) -> Void)? = nil
    ) async throws(TranshipError) -> SentData {
        let flow = try SourceFlow(source, promises, onProgress: onProgress)
        return try await flow.run { sizeBytes throws(TranshipError) in
            try await stage(id, from: flow.ring, sizeBytes: sizeBytes)
        }
    }
}
