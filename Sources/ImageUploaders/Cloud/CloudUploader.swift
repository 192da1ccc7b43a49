// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import ByteStreams
internal import Digests
public import MigrationModel
public import MigrationPipeline
public import OpenStackImage

/// The uploader into one target's Image service (v2).
public struct CloudUploader: ImageUploader {
    let targetKey: String
    public let service: ImageService
    /// Milliseconds since 1970.
    let now: @Sendable () -> Int64
    /// The digest that the cloud reports; nil until an image of the cloud has shown it.
    private let learned: Guarded<Checksum.Algorithm?>
    /// The lessons of this run about the service, from its refusals.
    let lessons: TargetLessons
    /// The lessons of this run about the rights of this token.
    let rights = Guarded(Lessons())
    private let recent: RecentImages

    /// - Parameters:
    ///   - now: milliseconds since 1970.
    ///   - recent: gets the record of each report, for the publisher.
    ///   - lessons: shared by the targets of one Image service.
    ///   - algorithm: the digest that the cloud reports; nil if it is not known yet.
    package init(
        targetKey: String, service: ImageService, now: @escaping @Sendable () -> Int64,
        recent: RecentImages? = nil, lessons: TargetLessons = TargetLessons(),
        reporting algorithm: Checksum.Algorithm? = nil
    ) {
        learned = Guarded(algorithm)
        self.lessons = lessons
        self.targetKey = targetKey
        self.service = service
        self.now = now
        self.recent = recent ?? RecentImages(now: now)
    }

    public func list(
        ownerID: String?, page: ([TargetImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        // The default listing lacks hidden images, so a second pass lists them. A service that is
        // too old to have any is not asked.
        for isHidden in [false, true] {
            var query = ImageQuery()
            query.isHidden = isHidden
            query.ownerID = ownerID
            // The default listing lacks community images of other projects. A copy among them that
            // we do not see would be made again.
            if ownerID == nil { query.visibility = .all }
            for try await images in service.images(query) {
                try await page(images.map { TargetImage($0, targetKey: targetKey) })
            }
        }
    }

    public func record(
        _ imageID: String, withMembers: Bool
    ) async throws(TranshipError) -> TargetRecord? {
        guard let image = try await service.imageIfPresent(imageID) else { return nil }
        var record = TargetRecord(image, targetKey: targetKey)
        guard withMembers, image.visibility == .shared else { return record }
        do {
            let members = try await service.members(of: imageID)
            record.members = members.map(\.memberID)
            for member in members where member.status != .pending {
                record.memberAnswers[member.memberID] = member.status.rawValue
            }
        } catch {
            // Only the owner and administrators may list the members.
            guard error.code == .forbidden || error.code == .notFound else { throw error }
        }
        return record
    }

    public func reportedAlgorithm(
        for transfer: Transfer
    ) async throws(TranshipError) -> Checksum.Algorithm {
        if let algorithm = learned.withLock({ $0 }) { return algorithm }
        // The strongest algorithm comes first.
        guard let algorithm = try await service.reportedAlgorithms().first else { return .sha512 }
        learned.withLock { $0 = algorithm }
        return algorithm
    }

    public func send(
        _ transfer: Transfer, from ring: ByteRing
    ) async throws(TranshipError) -> Transfer {
        do throws(TranshipError) {
            return try await sendData(transfer, from: ring)
        } catch {
            rights.withLock { $0.learn(fromBody: error) }
            throw Self.hint(after: error).map { error.hinting($0) } ?? error
        }
    }

    /// Returns the hint for a refused body if that of the service's refusal is for a person who
    /// uploads by hand; nil otherwise.
    private static func hint(after error: TranshipError) -> String? {
        if error.isOfWrongFormat {
            return
                "correct `disk_format` in the pipeline file or at the source, and run again; the "
                + "refused copy is discarded"
        }
        guard error.code == .conflict, error.answer?.service == .image else { return nil }
        return
            "run again, which makes another record; if it stays so, ask the operator of the "
            + "target"
    }

    private func sendData(
        _ transfer: Transfer, from ring: ByteRing
    ) async throws(TranshipError) -> Transfer {
        let id = try transfer.recordID()
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
        let id = try transfer.recordID()
        guard let image = try await service.imageIfPresent(id) else {
            throw TranshipError(.notFound, "image \(id) was deleted at the target")
        }
        recent.put(image)
        return TargetReport(
            status: image.status, sizeBytes: image.sizeBytes,
            checksums: image.checksums, diskFormat: image.diskFormat,
            containerFormat: image.containerFormat, stores: image.stores,
            missingStores: try await missingStores(transfer, image))
    }

    /// Returns the stores that lack the image; none if this user may not list the stores.
    private func missingStores(
        _ transfer: Transfer, _ image: Image
    ) async throws(TranshipError) -> [String] {
        do {
            return try await service.missing(transfer.record.stores, of: image)
        } catch {
            guard error.code == .forbidden else { throw error }
            return []
        }
    }

    public func readBack(
        _ transfer: Transfer, into ring: ByteRing
    ) async throws(TranshipError) {
        _ = try await service.download(
            try transfer.recordID(), into: ring, sizeBytes: transfer.proof.sizeBytes)
    }

    @discardableResult
    public func discard(_ transfer: Transfer) async throws(TranshipError) -> Bool {
        var unlimited = Int.max
        let outcome = try await Removal.remove(
            under: .discard(transfer), at: service, deletesLeft: &unlimited,
            nowUnixSeconds: now() / 1000)
        return try outcome.wasThere()
    }

    public func clean(
        _ leftover: inout Leftover, deletesLeft: inout Int
    ) async throws(TranshipError) {
        let outcome = try await Removal.remove(
            under: .clean(leftover.image, sizeBytes: leftover.sizeBytes), at: service,
            deletesLeft: &deletesLeft, nowUnixSeconds: now() / 1000)
        outcome.settle(&leftover)
    }

    public func undo(
        _ copy: inout UndoneCopy, references: [String: String], deletesLeft: inout Int
    ) async throws(TranshipError) {
        let outcome = try await Removal.remove(
            under: .undo(copy.transfer, references: references), at: service,
            deletesLeft: &deletesLeft, nowUnixSeconds: now() / 1000)
        outcome.settle(&copy)
        if [.remove, .removed].contains(copy.fate) { try await showReplaced(by: &copy) }
    }
}

extension CloudUploader {
    /// Finds the images that the copy replaced under its name. Shows them again if the copy is
    /// removed.
    private func showReplaced(by copy: inout UndoneCopy) async throws(TranshipError) {
        let record = copy.transfer.record
        for id in record.replaces ?? [] {
            guard let image = try await service.imageIfPresent(id) else {
                copy.replacedGone.append(id)
                continue
            }
            guard image.isHidden, image.name == record.shownName else { continue }
            if copy.fate == .removed {
                _ = try await service.update(id, [.replace("os_hidden", .bool(false))])
            }
            copy.shownAgain.append(id)
        }
    }
}

extension TargetRecord {
    init(_ image: Image, targetKey: String) {
        self.init(
            TargetImage(image, targetKey: targetKey), diskFormat: image.diskFormat,
            containerFormat: image.containerFormat, minDiskGiB: image.minDiskGiB,
            minRAMMiB: image.minRAMMiB, tags: image.tags, properties: image.propertyTexts)
    }
}

extension TargetImage {
    init(_ image: Image, targetKey: String) {
        self.init(
            targetKey: targetKey, id: image.id, name: image.name, status: image.status,
            sizeBytes: image.sizeBytes, checksums: image.checksums, visibility: image.visibility,
            isHidden: image.isHidden, isProtected: image.isProtected, ownerID: image.ownerID,
            originValue: image.properties[Origin.propertyName]?.string, stores: image.stores,
            createdAtUnixSeconds: image.createdAt.flatMap { UTCTime.unixSeconds($0) })
        let named = ["kernel_id", "ramdisk_id"].compactMap { image.properties[$0]?.string }
        if !named.isEmpty { namedImageIDs = named }
        if originValue != nil {
            details = Details(
                minDiskGiB: image.minDiskGiB, minRAMMiB: image.minRAMMiB, tags: image.tags,
                properties: image.propertyTexts)
            details?.diskFormat = image.diskFormat
            details?.containerFormat = image.containerFormat
        }
    }
}
