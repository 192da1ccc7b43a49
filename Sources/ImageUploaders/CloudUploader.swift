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
                id, from: ring, sizeBytes: transfer.sizeBytes, store: transfer.record.stores.first)
            return transfer.moved(to: .verifying)
        case .glanceDirect:
            try await service.stage(id, from: ring, sizeBytes: transfer.sizeBytes)
            return transfer.moved(to: .importing)
        case .webDownload, .glanceDownload:
            preconditionFailure("\(transfer.method.rawValue) sends no body")
        }
    }

    public func report(_ transfer: Transfer) async throws(TranshipError) -> TargetReport {
        let service = try service(transfer.targetKey)
        let image = try await service.image(try imageID(transfer))
        return TargetReport(
            status: image.status.rawValue, sizeBytes: image.sizeBytes,
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
        guard let id = transfer.imageID else { return false }
        let service = try service(transfer.targetKey)
        let image: Image
        do {
            image = try await service.image(id)
        } catch {
            if error.code == .notFound { return false }
            throw error
        }
        // The journal's row gives the right; the marker proves that the row
        // still speaks of this image.
        guard isOurs(image, transfer) else {
            throw TranshipError(
                .targetConflict,
                "image \(id) at the target does not carry our marker \(Origin.propertyName)",
                hint: "it is left alone; remove it by hand if it is an unfinished copy")
        }
        // Records are made private, and neither protected nor hidden: another host
        // may have proved and published what it put into ours.
        let isPublished = image.visibility != .private || image.isProtected || image.isHidden
        if transfer.holdsKeptID, !isPublished {
            // Left to be filled again, unless it cannot be.
            guard image.status.rawValue == "active" else { return true }
            throw TranshipError(
                .idBlocked,
                "image \(id) at the target holds data that is not proved, and deleting it would "
                    + "burn the id that is to be kept",
                hint: "it is left alone, private; delete it by hand to give the id up")
        }
        guard transfer.isAdopted != true, !isPublished else {
            throw TranshipError(
                .targetConflict,
                "image \(id) at the target is \(image.visibility)"
                    + (image.isProtected ? ", protected" : "") + (image.isHidden ? ", hidden" : "")
                    + ": it may have been published and is not discarded",
                hint: "it is left alone; remove it by hand if it is an unfinished copy")
        }
        guard transfer.isFilledByUs == true || !Self.isFilled(image) else {
            throw TranshipError(
                .targetConflict,
                "image \(id) at the target is \(image.status), and this journal did not send it",
                hint: "it is left to the other process that does; if there is none, "
                    + "`tranship clean` lists it")
        }
        do {
            try await service.delete(id)
        } catch {
            guard error.code == .notFound else { throw error }
        }
        return true
    }

    /// True where somebody's data is in the record, or on its way there.
    private static func isFilled(_ image: Image) -> Bool {
        ["saving", "uploading", "importing", "active", "deactivated"].contains(
            image.status.rawValue)
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
