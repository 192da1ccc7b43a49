// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation
internal import MigrationJournal
internal import MigrationModel
public import MigrationPipeline
internal import OpenStackImage
internal import PipelineFiles
public import Planning

extension PipelineRun {
    /// Records at the targets that hold no whole image, are ours and needed by
    /// nobody.
    ///
    /// Each is looked at once more right before it is removed, and at most
    /// `limits.deletes` are.
    ///
    /// - Parameters:
    ///   - removes: false only lists them.
    ///   - each: called with every record, after what was done about it.
    /// - Returns: how many records met each fate; of ``Leftover/Fate/remove``,
    ///   those that are left.
    /// - Throws: as planning. That one record cannot be removed is a fate.
    public func clean(
        removes: Bool, each: (Leftover) async throws(TranshipError) -> Void
    ) async throws(TranshipError) -> [Leftover.Fate: Int] {
        let workplace = try await Workplace.open(pipeline, environment: environment)
        var tally: [Leftover.Fate: Int] = [:]
        let most = pipeline.limits.deletes
        try await planner(in: workplace).leftovers { found throws(TranshipError) in
            var leftover = found
            if leftover.fate == .remove, let service = workplace.service(leftover.image.targetKey) {
                leftover = try await looked(at: leftover, service)
                if leftover.fate == .remove, removes, tally[.removed] ?? 0 < most {
                    leftover = await removed(leftover, service)
                }
            }
            tally[leftover.fate, default: 0] += 1
            try await each(leftover)
        }
        return tally
    }

    /// Files of this journal's spool that no transfer of its last run waits for.
    /// The next run would remove them as well.
    ///
    /// - Parameters:
    ///   - removes: false only lists them.
    ///   - each: called with every file, after what was done about it, and why
    ///     it could not be removed.
    /// - Returns: how many files met each fate.
    public func cleanSpool(
        removes: Bool, each: (Spool.Orphan, Leftover.Fate, TranshipError?) -> Void
    ) async throws(TranshipError) -> [Leftover.Fate: Int] {
        var tally: [Leftover.Fate: Int] = [:]
        let orphans = try await Spool.orphans(
            in: Self.spoolPlace(of: pipeline, journalPath: journal.path), journal: journal,
            run: try await journal.lastRun())
        for orphan in orphans {
            var fate = Leftover.Fate.remove
            var failure: TranshipError?
            if removes {
                do {
                    try Spool.remove(orphan.path)
                    fate = .removed
                } catch {
                    fate = .failed
                    failure = error
                }
            }
            tally[fate, default: 0] += 1
            each(orphan, fate, failure)
        }
        return tally
    }

    /// As it is now, which may be long after the listing.
    private func looked(
        at given: Leftover, _ service: ImageService
    ) async throws(TranshipError) -> Leftover {
        var leftover = given
        let image: Image
        do {
            image = try await service.image(given.image.id)
        } catch {
            guard error.code == .notFound else { throw error }
            leftover.fate = .removed
            leftover.reason = "somebody else removed it just now"
            return leftover
        }
        leftover.fate = .keep
        guard image.status.rawValue == given.image.status,
            image.properties[Origin.propertyName]?.string == given.image.originValue,
            image.visibility == .private, !image.isProtected, image.ownerID == given.image.ownerID
        else {
            leftover.reason =
                "it changed while it was looked at: it is \(image.status.rawValue) now"
            return leftover
        }
        if given.mayBeBusy {
            let quiet = Quiet(
                image, sizeBytes: given.sizeBytes, nowUnixSeconds: Timestamp.now() / 1000)
            guard quiet.isOver else {
                leftover.reason = quiet.words
                return leftover
            }
        }
        leftover.fate = .remove
        return leftover
    }

    private func removed(_ given: Leftover, _ service: ImageService) async -> Leftover {
        var leftover = given
        do throws(TranshipError) {
            try await service.delete(given.image.id)
            leftover.fate = .removed
        } catch {
            if error.code == .notFound {
                leftover.fate = .removed
            } else {
                leftover.fate = .failed
                leftover.reason = error.message
            }
        }
        return leftover
    }
}

/// How long a busy record has been left alone.
///
/// A service tells nothing of a body that is arriving: neither its size nor its
/// time changes until the end. So time has to do.
struct Quiet {
    let isOver: Bool
    let words: String

    /// - Parameter sizeBytes: of the source image; nil where nobody knows.
    init(_ image: Image, sizeBytes: Int64?, nowUnixSeconds now: Int64) {
        let least = Transfer.othersPatienceSeconds(sizeBytes: sizeBytes)
        let time = image.updatedAt.flatMap { try? Date($0, strategy: .iso8601) }
        guard let time else {
            isOver = false
            words = "it is \(image.status.rawValue), and the service does not say since when"
            return
        }
        isOver = now - Int64(time.timeIntervalSince1970) > least
        words =
            "it is \(image.status.rawValue) since \(image.updatedAt ?? "?"), so another process "
            + "may be sending it; after \(TimeSpan.format(least)) of that it counts as left over"
    }
}
