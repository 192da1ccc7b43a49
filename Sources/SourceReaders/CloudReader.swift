// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import ByteStreams
public import MigrationModel
public import MigrationPipeline
public import OpenStackImage

/// Reads image data from another cloud's Image service (v2).
public struct CloudReader: SourceReader {
    public static let name = StageName.read

    let services: [Int: ImageService]

    /// - Parameter services: the clouds by their place in the pipeline's `sources`.
    public init(services: [Int: ImageService]) {
        self.services = services
    }

    public func read(
        _ transfer: Transfer, into ring: ByteRing,
        opened: @escaping @Sendable (SourceFacts) -> Void
    ) async throws(MigrationError) {
        let (service, id) = try place(transfer)
        let facts = try await facts(id, transfer, service)
        let response: Any?
        do {
            response = try await service.download(id, into: ring) { _ in opened(facts) }
        } catch {
            throw Self.described(error, id)
        }
        if response == nil {
            guard facts.sizeBytes == 0 else {
                throw MigrationError(
                    .sourceUnavailable, "image \(id) has no data at the source",
                    hint: "a snapshot of a volume keeps its data in the volume: "
                        + "create an image from the volume and copy that")
            }
            opened(facts)
        }
    }

    public func facts(_ transfer: Transfer) async throws(MigrationError) -> SourceFacts {
        let (service, id) = try place(transfer)
        return try await facts(id, transfer, service)
    }

    private func place(
        _ transfer: Transfer
    ) throws(MigrationError) -> (service: ImageService, id: String) {
        guard let service = services[transfer.source.sourceIndex],
            case .cloud(let id) = transfer.source.location
        else { throw Self.isNoCloud(transfer) }
        return (service, id)
    }

    static func isNoCloud(_ transfer: Transfer) -> MigrationError {
        MigrationError(
            .invalidPipeline,
            "the pipeline's source \(transfer.source.sourceIndex + 1) is no cloud any more",
            hint: "run the pipeline again, so that it is planned anew")
    }

    /// What the record says now, which must be what was planned.
    private func facts(
        _ id: String, _ transfer: Transfer, _ service: ImageService
    ) async throws(MigrationError) -> SourceFacts {
        let image: Image
        do {
            image = try await service.image(id)
        } catch {
            throw Self.described(error, id)
        }
        try Self.expectUnchanged(
            transfer, status: image.status.rawValue, checksums: image.checksums)
        var members: [String] = []
        if transfer.record.visibility == "shared", transfer.record.members != .drop,
            image.visibility == .shared
        {
            do {
                members = try await service.members(of: id).map(\.memberID)
            } catch {
                // Only the owner may list them; a member that copies an image
                // shared with it has none to pass on.
                guard error.code == .forbidden || error.code == .notFound else { throw error }
            }
        }
        return SourceFacts(sizeBytes: image.sizeBytes, members: members)
    }

    /// What is at the source must be what was planned.
    static func expectUnchanged(
        _ transfer: Transfer, status: String, checksums: [Checksum]
    ) throws(MigrationError) {
        let id = transfer.source.imageID ?? ""
        guard status == transfer.source.status ?? "active" else {
            throw MigrationError(
                .sourceChanged,
                "image \(id) was \(transfer.source.status ?? "active") when it was planned "
                    + "and is \(status) now",
                hint: "run again, so that it is planned anew")
        }
        for planned in transfer.source.checksums {
            let now = checksums.first { $0.algorithm == planned.algorithm }
            guard let now, !now.matches(planned) else { continue }
            throw MigrationError(
                .sourceChanged, "image \(id) had \(planned) when it was planned and has \(now) now",
                hint: "run again, so that it is planned anew")
        }
    }

    /// A refusal of the source is the source's failure, not the target's.
    static func described(_ error: MigrationError, _ id: String) -> MigrationError {
        switch error.code {
        case .notFound, .gone:
            MigrationError(
                .sourceUnavailable, "image \(id) is gone at the source: \(error.message)",
                hint: "run again, so that it is planned anew", answer: error.answer)
        case .forbidden:
            MigrationError(
                .sourceUnavailable, "image \(id) may not be read at the source: \(error.message)",
                hint: "a deactivated image can be read by an administrator only",
                answer: error.answer)
        default: error.whileDoing("reading image \(id) at the source")
        }
    }
}
