// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import ByteStreams
import Digests
public import MigrationModel
public import MigrationPipeline

/// A kind of source that only tests have: images in memory, by name.
///
/// It consists of this file, and one line that gives it to the factory:
/// `tuning.kinds[MemoryImages.kind] = …`.
public final class MemoryImages: ImageSource {
    /// The key of its entries in a pipeline file, such as `memory: images`.
    public static let kind = "memory"

    private let images: Guarded<[String: [UInt8]]>
    private let sourceIndex: Int

    public init(_ images: [String: [UInt8]] = [:], sourceIndex: Int = 0) {
        self.images = Guarded(images)
        self.sourceIndex = sourceIndex
    }

    public var endpoint: String { "memory" }
    public var limitImages: Int? { nil }

    /// Adds image data, or removes it with nil.
    public func put(_ name: String, _ bytes: [UInt8]?) {
        images.withLock { $0[name] = bytes }
    }

    public func list(
        _ listing: Listing, page: ([ListedImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        for (name, bytes) in images.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            let checksum = try Self.checksum(bytes)
            try await page([
                ListedImage(
                    SourceImage(
                        key: "memory:\(name)", sourceIndex: sourceIndex, location: name,
                        lineage: "memory:\(name)", fingerprint: checksum.description, name: name,
                        sizeBytes: Int64(bytes.count), checksums: [checksum],
                        visibility: .private, diskFormat: "raw", containerFormat: "bare"))
            ])
        }
    }

    public func read(
        _ transfer: Transfer, from point: ReadingPoint?, into ring: ByteRing,
        tell: @escaping @Sendable (ReadingEvent) -> Void
    ) async throws(TranshipError) {
        precondition(point == nil, "it states no version")
        let bytes = try bytes(transfer.source)
        tell(.opened(SourceFacts(sizeBytes: Int64(bytes.count))))
        let failure = await failure {
            try await withTaskCancellationHandler {
                try await blocking { try bytes.withUnsafeBytes { try ring.write($0) } }
            } onCancel: {
                ring.fail(TranshipError(wrapping: CancellationError()))
            }
        }
        if let failure { throw failure }
    }

    public func facts(_ transfer: Transfer) async throws(TranshipError) -> SourceFacts {
        SourceFacts(sizeBytes: Int64(try bytes(transfer.source).count))
    }

    public func fetchable(_ image: SourceImage, for target: CloudRegion?) -> Fetchable {
        .nothing(.dataIsLocal)
    }

    private func bytes(_ image: SourceImage) throws(TranshipError) -> [UInt8] {
        guard let bytes = images.withLock({ $0[image.location] }) else {
            throw TranshipError(
                .sourceUnavailable, "\(image.location) is gone",
                hint: "run again, which makes a new plan")
        }
        guard image.checksums == [try Self.checksum(bytes)] else {
            throw TranshipError(
                .sourceChanged, "\(image.location) has changed since it was planned",
                hint: "run again, which makes a new plan")
        }
        return bytes
    }

    private static func checksum(_ bytes: [UInt8]) throws(TranshipError) -> Checksum {
        do {
            return try digest(.sha256, of: bytes)
        } catch {
            throw TranshipError(wrapping: error)
        }
    }
}
