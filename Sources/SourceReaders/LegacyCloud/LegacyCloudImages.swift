// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import MigrationModel
internal import MigrationPipeline
internal import OpenStackImage
internal import PipelineFiles

/// A kind of source: images of a legacy cloud (Images API v1).
///
/// Metadata and data come in one answer, so reading compares the image with the plan without
/// another request. v1 has no ranges, so a read that breaks starts again from the first byte.
struct LegacyCloudImages: ImageSource {
    let selection: CloudSource
    let sourceIndex: Int
    let cloud: SignedInCloud

    var service: LegacyImageService { LegacyImageService(cloud.session) }
    /// The region without its name: glance-download reads from other regions in v2 only.
    var region: CloudRegion? {
        cloud.region.map { CloudRegion(keystoneURL: $0.keystoneURL, name: nil) }
    }

    func promiser(of image: SourceImage) -> Promiser? {
        let id = image.imageID ?? image.location
        let cloud = selection.cloud.name
        return Promiser(
            "the record of image \(id) at \(cloud)",
            remedy: "its data may be damaged there: compare it, or ask the operator of \(cloud)")
    }

    func fetchable(_ image: SourceImage, for target: CloudRegion?) -> Fetchable {
        .nothing(.noSharedKeystone)
    }

    func read(
        _ transfer: Transfer, from point: ReadingPoint?, into ring: ByteRing,
        tell: @escaping @Sendable (ReadingEvent) -> Void
    ) async throws(TranshipError) {
        // The cloud still had v2 when the data before the point was read.
        guard point == nil else { throw Self.noRanges }
        let id = try CloudImages.imageID(transfer)
        let members = try await members(of: id, transfer)
        do {
            try await service.download(id, into: ring) { (image) throws(TranshipError) in
                try CloudImages.expectUnchanged(
                    transfer, status: image.status, checksums: image.checksums,
                    sizeBytes: image.sizeBytes)
                tell(.opened(SourceFacts(sizeBytes: image.sizeBytes, members: members)))
            }
        } catch {
            if error.isTransient, ring.failure == nil, ring.writtenBytes > 0 {
                tell(.cannotGoOn(atByte: ring.writtenBytes, reason: Self.noRanges.message))
            }
            // The record is in another answer.
            if error.isMissing, (try? await service.image(id)) != nil {
                throw CloudImages.lostData(id, error.message, answer: error.answer)
            }
            throw CloudImages.described(error, id, transfer.source.status ?? .active)
        }
    }

    private static var noRanges: TranshipError {
        TranshipError(.rangeNotSatisfiable, "Images API v1 does not support ranges")
    }

    func facts(_ transfer: Transfer) async throws(TranshipError) -> SourceFacts {
        let id = try CloudImages.imageID(transfer)
        let image: LegacyImage
        do {
            image = try await service.image(id)
        } catch {
            throw CloudImages.described(error, id)
        }
        try CloudImages.expectUnchanged(
            transfer, status: image.status, checksums: image.checksums,
            sizeBytes: image.sizeBytes)
        return SourceFacts(
            sizeBytes: image.sizeBytes, members: try await members(of: id, transfer))
    }

    /// Returns the projects that the copy is shared with; v1 has no pending members.
    private func members(
        of id: String, _ transfer: Transfer
    ) async throws(TranshipError) -> [String] {
        transfer.record.takesMembers ? try await memberIDs(id) : []
    }

    func sharing(of image: SourceImage) async throws(TranshipError) -> SourceFacts {
        guard image.visibility == .shared, let id = image.imageID else {
            return SourceFacts(sizeBytes: nil)
        }
        return SourceFacts(sizeBytes: nil, members: try await memberIDs(id))
    }

    func memberIDs(_ id: String) async throws(TranshipError) -> [String] {
        try await visibleMembers { () throws(TranshipError) in
            try await service.members(of: id).map(\.memberID)
        }
    }
}
