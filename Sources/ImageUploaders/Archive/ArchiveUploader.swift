// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import ByteStreams
package import ImageArchives
public import MigrationModel
public import MigrationPipeline
internal import OpenStackImage

/// The uploader that writes images and their records into an archive.
///
/// Unlike the Image service, an archive can use the id of a removed image again. Two runs may write
/// into one archive: each image has a lock of its own while its data is written.
public struct ArchiveUploader: ImageUploader {
    let targetKey: String
    let archive: ArchiveFolder
    /// Milliseconds since 1970.
    let now: @Sendable () -> Int64

    package init(
        targetKey: String, archive: ArchiveFolder, now: @escaping @Sendable () -> Int64
    ) {
        self.targetKey = targetKey
        self.archive = archive
        self.now = now
    }

    /// The offer of an archive: it accepts every format, and reports SHA-512.
    package static var offer: TargetOffer {
        var offer = TargetOffer(reportedAlgorithms: [.sha512], hasProjects: false)
        offer.givesIDsAgain = true
        offer.mirrorsMembers = true
        return offer
    }

    private static let pageImages = 500

    /// Lists all images. Ignores `ownerID`, since an archive belongs to no project.
    public func list(
        ownerID: String?, page: ([TargetImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        var rest = try await archive.onThread { try $0.ids(onlyPublished: false) }[...]
        while !rest.isEmpty {
            let ids = rest.prefix(Self.pageImages)
            let images = try await archive.onThread { [targetKey] archive in
                try ids.compactMap { id in try Self.listed(id, in: archive, targetKey) }
            }
            try await page(images)
            rest = rest.dropFirst(Self.pageImages)
        }
    }

    /// Returns the entry of an image. A damaged record does not prevent other images from being
    /// listed.
    private static func listed(
        _ id: ArchivedID, in archive: ArchiveFolder, _ targetKey: String
    ) throws(TranshipError) -> TargetImage? {
        switch try archive.find(id) {
        case .absent: return nil
        case .image(let found): return TargetRecord(found, targetKey: targetKey).image
        case .damaged(let words, let isMendable):
            return TargetImage(
                damaged: .init(words, isMendable: isMendable, isOfRecord: true), id: id.text,
                targetKey: targetKey)
        }
    }

    public func record(
        _ imageID: String, withMembers: Bool
    ) async throws(TranshipError) -> TargetRecord? {
        try await image(imageID).map { TargetRecord($0, targetKey: targetKey) }
    }

    /// Returns the archive's image with this id; nil if there is none.
    func image(_ id: String) async throws(TranshipError) -> ArchivedImage? {
        let id = try Self.archivedID(id)
        return try await archive.onThread { try $0.image(id) }
    }

    static func archivedID(_ text: String) throws(TranshipError) -> ArchivedID {
        guard let id = ArchivedID(text) else {
            throw TranshipError(
                .refused,
                "an archive cannot keep the id \"\(text.cut(to: 100))\": it is not a UUID "
                    + "in lower case", hint: "use keep_id: prefer or false")
        }
        return id
    }

    public func reportedAlgorithm(
        for transfer: Transfer
    ) async throws(TranshipError) -> Checksum.Algorithm { .sha512 }

    public func send(
        _ transfer: Transfer, from ring: ByteRing
    ) async throws(TranshipError) -> Transfer {
        let id = try Self.archivedID(try transfer.recordID())
        // The MD5 of the source's data is right only if that data is sent unchanged.
        let md5 = transfer.source.checksums.first { $0.algorithm == .md5 }
        let time = Timestamp.text(now())
        // Publishing adds the references to other images.
        let record = ArchiveRecord(transfer, id: id.text, references: [:], time: time)
        try await archive.onThread(failingOnCancel: ring) { archive in
            try archive.receive(
                id, from: ring, sizeBytes: transfer.proof.sizeBytes, md5: md5, time: time,
                replacing: record)
        }
        return transfer.moved(to: .verifying)
    }

    public func request(
        _ request: ImportNeed, for transfer: Transfer, from fetchable: Fetchable
    ) async throws(TranshipError) {
        throw TranshipError(.unexpectedState, "an archive imports nothing")
    }

    public func report(_ transfer: Transfer) async throws(TranshipError) -> TargetReport {
        let id = try transfer.recordID()
        guard let found = try await image(id) else {
            throw TranshipError(
                .notFound, "image \(id) was removed from the archive \(archive.path)")
        }
        if let problem = found.dataProblem {
            throw TranshipError(
                .verificationMismatch, problem,
                hint: "run again, and check that disk if it happens again")
        }
        let image = found.record.image
        return TargetReport(
            status: image.status, sizeBytes: image.sizeBytes, checksums: image.checksums,
            diskFormat: image.diskFormat, containerFormat: image.containerFormat)
    }

    public func readBack(
        _ transfer: Transfer, into ring: ByteRing
    ) async throws(TranshipError) {
        let text = try transfer.recordID()
        let id = try Self.archivedID(text)
        guard let found = try await image(text) else {
            throw TranshipError(
                .notFound, "image \(text) was removed from the archive \(archive.path)")
        }
        let sizeBytes = found.record.image.sizeBytes ?? 0
        try await archive.onThread(failingOnCancel: ring) { archive in
            try archive.read(id, into: ring, sizeBytes: sizeBytes)
        }
    }

    // MARK: Removing

    /// Removes an image under a right of ``Removal``. Only this function removes images of an
    /// archive.
    private func remove(
        under right: Removal.Right, deletesLeft: inout Int
    ) async throws(TranshipError) -> Removal.Outcome {
        guard let text = right.imageID, let found = try await image(text) else { return .gone }
        let objection = Removal.objection(
            under: right, to: TargetRecord(found, targetKey: ""),
            updatedAt: found.record.image.updatedAt, nowUnixSeconds: now() / 1000)
        if let objection { return objection }
        if deletesLeft == 0 { return .removable }
        let id = try Self.archivedID(text)
        do {
            try await archive.onThread { try $0.remove(id) }
        } catch {
            return .failed(error)
        }
        deletesLeft -= 1
        return .removed
    }

    /// - Returns: always false, since the archive can use the id again.
    @discardableResult
    public func discard(_ transfer: Transfer) async throws(TranshipError) -> Bool {
        var unlimited = Int.max
        _ = try await remove(under: .discard(transfer), deletesLeft: &unlimited).wasThere()
        return false
    }

    public func clean(
        _ leftover: inout Leftover, deletesLeft: inout Int
    ) async throws(TranshipError) {
        let right = Removal.Right.clean(leftover.image, sizeBytes: leftover.sizeBytes)
        try await remove(under: right, deletesLeft: &deletesLeft).settle(&leftover)
    }

    public func undo(
        _ copy: inout UndoneCopy, references: [String: String], deletesLeft: inout Int
    ) async throws(TranshipError) {
        let right = Removal.Right.undo(copy.transfer, references: references)
        try await remove(under: right, deletesLeft: &deletesLeft).settle(&copy)
    }

    // MARK: Earlier versions

    public func carryOut(_ change: Change) async throws(TranshipError) -> Change {
        if change.action == .delete {
            var one = 1
            return try await remove(under: .expire(change), deletesLeft: &one).ended(change)
        }
        guard let found = try await image(change.image.id) else {
            return change.ended(.left, .goneMeanwhile)
        }
        let target = TargetRecord(found, targetKey: targetKey).image
        if change.isCarriedOut(on: target) { return change.ended(.done) }
        if let difference = change.difference(of: target) {
            return change.ended(.left, difference)
        }
        let id = try Self.archivedID(change.image.id)
        var record = found.record
        record.apply(change)
        record.fields["updated_at"] = .string(Timestamp.text(now()))
        do {
            try await archive.onThread { [record] archive in
                try found.isPublished ? archive.publish(id, record) : archive.prepare(id, record)
            }
            return change.ended(.done)
        } catch {
            if error.code == .interrupted { throw error }
            return change.ended(.failed, failure: error)
        }
    }
}

extension Removal.Outcome {
    /// Returns the ended change for the outcome of an expiry.
    fileprivate func ended(_ change: Change) -> Change {
        switch self {
        case .removed: change.ended(.done)
        case .gone: change.ended(.left, .goneMeanwhile)
        case .changed(let why): change.ended(.left, why)
        case .failed(let error): change.ended(.failed, failure: error)
        case .removable, .refused, .toBeFilledAgain:
            preconditionFailure("an expiry is neither dry nor a discard")
        }
    }
}
