// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import Synchronization

extension LegacyImageService {
    /// Creates an image with data from a file, a stream, a URL, … and compares
    /// the MD5 that the service then reports with that of what was sent.
    ///
    /// A failure leaves a record behind (`killed`, mostly), as in
    /// ``create(_:from:sizeBytes:)``.
    ///
    /// - Parameter onProgress: called with the bytes read so far.
    /// - Throws: as ``create(_:from:sizeBytes:)``,
    ///   ``TranshipError/Code/checksumMismatch`` for data that is not what was
    ///   promised, ``TranshipError/Code/verificationMismatch``, and what
    ///   reading the source did.
    public func create(
        _ fields: LegacyImageFields, from source: ImageDataSource,
        _ promises: DataPromises = .init(), onProgress: (@Sendable (Int64) -> Void)? = nil
    ) async throws(TranshipError) -> LegacyImage {
        let flow = try SourceFlow(source, Self.hashed(promises), onProgress: onProgress)
        let made = Made()
        let sent = try await flow.run { sizeBytes throws(TranshipError) in
            made.image = try await create(fields, from: flow.ring, sizeBytes: sizeBytes)
        }
        return try Self.compared(made, sent)
    }

    /// The same for an image that is `queued`, with metadata along with it.
    @discardableResult
    public func upload(
        _ id: String, _ fields: LegacyImageFields = .init(), from source: ImageDataSource,
        _ promises: DataPromises = .init(), onProgress: (@Sendable (Int64) -> Void)? = nil
    ) async throws(TranshipError) -> LegacyImage {
        let flow = try SourceFlow(source, Self.hashed(promises), onProgress: onProgress)
        let made = Made()
        let sent = try await flow.run { sizeBytes throws(TranshipError) in
            made.image = try await upload(id, fields, from: flow.ring, sizeBytes: sizeBytes)
        }
        return try Self.compared(made, sent)
    }

    private static func hashed(_ promises: DataPromises) -> DataPromises {
        var promises = promises
        promises.algorithms.insert(.md5)
        return promises
    }

    private static func compared(
        _ made: Made, _ sent: SentData
    ) throws(TranshipError) -> LegacyImage {
        guard let image = made.image else {
            throw TranshipError(.invalidAnswer, "the service said nothing of the image")
        }
        guard let reported = image.checksums.first,
            let own = sent.checksums.first(where: { $0.algorithm == .md5 }), own != reported
        else { return image }
        throw TranshipError(
            .verificationMismatch,
            "image \(image.id) must hash to \(own), but the service reports \(reported)")
    }
}

/// What came of a body, handed out of the closure that sent it.
private final class Made: Sendable {
    private let box = Mutex<LegacyImage?>(nil)

    var image: LegacyImage? {
        get { box.withLock { $0 } }
        set { box.withLock { $0 = newValue } }
    }
}
