// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import ByteStreams
public import MigrationModel
public import MigrationPipeline
public import OpenStackImage

/// Reads image data from a legacy cloud (Images API v1).
///
/// Metadata and data come in one answer, so what was planned is compared with
/// what is there without a request more. v1 knows no ranges: whatever breaks
/// is read again from its beginning.
public struct LegacyCloudReader: SourceReader {
    public static let name = StageName.read

    let services: [Int: LegacyImageService]

    /// - Parameter services: the clouds by their place in the pipeline's `sources`.
    public init(services: [Int: LegacyImageService]) {
        self.services = services
    }

    /// Whether the image comes from one of these clouds.
    func reads(_ transfer: Transfer) -> Bool { services[transfer.source.sourceIndex] != nil }

    public func read(
        _ transfer: Transfer, from point: ReadingPoint?, into ring: ByteRing,
        tell: @escaping @Sendable (ReadingEvent) -> Void
    ) async throws(TranshipError) {
        precondition(point == nil, "Images API v1 knows no ranges")
        let (service, id) = try place(transfer)
        let members = try await members(of: id, transfer, service)
        do {
            try await service.download(id, into: ring) { (image) throws(TranshipError) in
                try CloudReader.expectUnchanged(
                    transfer, status: image.status, checksums: image.checksums)
                tell(.opened(SourceFacts(sizeBytes: image.sizeBytes, members: members)))
            }
        } catch {
            if error.isTransient, ring.failure == nil, ring.writtenBytes > 0 {
                tell(
                    .cannotGoOn(
                        atByte: ring.writtenBytes, reason: "Images API v1 knows no ranges"))
            }
            throw CloudReader.described(error, id)
        }
    }

    public func facts(_ transfer: Transfer) async throws(TranshipError) -> SourceFacts {
        let (service, id) = try place(transfer)
        let image: LegacyImage
        do {
            image = try await service.image(id)
        } catch {
            throw CloudReader.described(error, id)
        }
        try CloudReader.expectUnchanged(
            transfer, status: image.status, checksums: image.checksums)
        return SourceFacts(
            sizeBytes: image.sizeBytes, members: try await members(of: id, transfer, service))
    }

    private func place(
        _ transfer: Transfer
    ) throws(TranshipError) -> (service: LegacyImageService, id: String) {
        guard let service = services[transfer.source.sourceIndex],
            case .cloud(let id) = transfer.source.location
        else { throw CloudReader.isNoCloud(transfer) }
        return (service, id)
    }

    /// Those to whom the copy is to be offered; nothing in v1 is pending.
    private func members(
        of id: String, _ transfer: Transfer, _ service: LegacyImageService
    ) async throws(TranshipError) -> [String] {
        guard transfer.record.visibility == .shared, transfer.record.members != .drop else {
            return []
        }
        do {
            return try await service.members(of: id).map(\.memberID)
        } catch {
            guard error.code == .forbidden || error.code == .notFound else { throw error }
            return []
        }
    }
}
