// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import ByteStreams
internal import Digests
public import MigrationModel
public import MigrationPipeline
public import OpenStackImage

/// Uploads into the Image service (v2) of the targets' clouds.
public struct CloudUploader: ImageUploader {
    public static let name = StageName.upload

    let targets: [String: ImageService]
    /// Finds where an image of the same plan stands at a target.
    let placed:
        @Sendable (_ sourceKey: String, _ targetKey: String)
            async throws(TranshipError) -> Transfer?
    let now: @Sendable () -> Int64
    let algorithms = LearnedAlgorithms()

    /// - Parameters:
    ///   - targets: the services by target key.
    ///   - placed: the journal's transfer of another source image to a target.
    ///   - now: milliseconds since 1970.
    public init(
        targets: [String: ImageService],
        placed:
            @escaping @Sendable (_ sourceKey: String, _ targetKey: String)
            async throws(TranshipError) -> Transfer?,
        now: @escaping @Sendable () -> Int64
    ) {
        self.targets = targets
        self.placed = placed
        self.now = now
    }

    public func reportedAlgorithm(
        for transfer: Transfer
    ) async throws(TranshipError) -> Checksum.Algorithm {
        try await algorithms.algorithm(
            of: transfer.targetKey, asking: try service(transfer.targetKey))
    }

    public func send(
        _ transfer: Transfer, from ring: ByteRing
    ) async throws(TranshipError) -> Transfer {
        let service = try service(transfer.targetKey)
        let id = try imageID(transfer)
        switch transfer.method {
        case .upload:
            try await service.upload(
                id, from: ring, sizeBytes: transfer.proof.sizeBytes,
                store: transfer.record.stores.first)
            return transfer.moved(to: .verifying)
        case .glanceDirect:
            try await service.stage(id, from: ring, sizeBytes: transfer.proof.sizeBytes)
            return transfer.moved(to: .importing)
        case .webDownload, .glanceDownload:
            preconditionFailure("\(transfer.method.rawValue) sends no body")
        }
    }

    public func report(_ transfer: Transfer) async throws(TranshipError) -> TargetReport {
        let service = try service(transfer.targetKey)
        let image = try await service.image(try imageID(transfer))
        return TargetReport(
            status: image.status, sizeBytes: image.sizeBytes,
            checksums: image.checksums, diskFormat: image.diskFormat, stores: image.stores,
            missingStores: try await service.missing(.init(transfer.record.stores), of: image))
    }

    public func readBack(
        _ transfer: Transfer, into ring: ByteRing
    ) async throws(TranshipError) {
        _ = try await service(transfer.targetKey).download(
            try imageID(transfer), into: ring, onResponse: { _ in })
    }

    @discardableResult
    public func discard(_ transfer: Transfer) async throws(TranshipError) -> Bool {
        var removal = Removal()
        let outcome = try await removal.remove(
            under: .discard(transfer), at: try service(transfer.targetKey),
            nowUnixSeconds: now() / 1000)
        switch outcome {
        case .gone: return false
        case .removed, .toBeFilledAgain: return true
        case .refused(let error), .failed(let error): throw error
        case .removable, .changed: preconditionFailure("a discard is neither dry nor a cleaning")
        }
    }

    // MARK: Parts

    func service(_ targetKey: String) throws(TranshipError) -> ImageService {
        guard let service = targets[targetKey] else {
            throw TranshipError(
                .invalidPipeline, "the pipeline has no target \(targetKey) any more",
                hint: "put the target back, or start with another --journal")
        }
        return service
    }

    func imageID(_ transfer: Transfer) throws(TranshipError) -> String {
        guard let id = transfer.imageID else {
            throw TranshipError(
                .unexpectedState, "\(transfer.source.displayName) has no record at the target")
        }
        return id
    }
}

extension ImportRequest.Stores {
    init(_ stores: PlannedRecord.Stores) {
        switch stores {
        case .standard: self = .standard
        case .named(let names): self = .named(names)
        case .all: self = .all
        }
    }
}

extension TargetImage {
    init(_ image: Image, targetKey: String) {
        self.init(
            targetKey: targetKey, id: image.id, name: image.name, status: image.status,
            sizeBytes: image.sizeBytes, checksums: image.checksums, visibility: image.visibility,
            isHidden: image.isHidden, isProtected: image.isProtected, ownerID: image.ownerID,
            originValue: image.properties[Origin.propertyName]?.string, stores: image.stores)
    }
}
