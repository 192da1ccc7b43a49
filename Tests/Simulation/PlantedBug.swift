// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import ImageUploaders
import MigrationJournal
import MigrationModel
import MigrationPipeline
import OpenStackImage

/// A mistake that someone might make, put around the real stages: what a
/// simulation that is worth its time has to find.
package enum PlantedBug: String, CaseIterable, Sendable {
    /// The visibility is set as soon as there is a record.
    case publishesBeforeProof = "publishes-before-proof"
    /// Data of a source that breaks its promise is accepted.
    case ignoresBrokenPromises = "ignores-broken-promises"
    /// The last bytes are handed out before the digest of all was compared.
    case releasesTheEndEarly = "releases-the-end-early"
    /// What the target reports is not compared with what was sent.
    case comparesNothing = "compares-nothing"
    /// The record is created before its id is in the journal.
    case createsBeforeCommitting = "creates-before-committing"
    /// A create whose answer was lost is sent again, without the derived id.
    case createsAgainAfterALostAnswer = "creates-again-after-a-lost-answer"
    /// A record is deleted without a look at whose it is and who sees it.
    case discardsWithoutLooking = "discards-without-looking"
    /// What was not finished stays at the target.
    case leavesUnfinishedCopies = "leaves-unfinished-copies"
    /// A burned id is tried again and again.
    case forgetsGenerations = "forgets-generations"
    /// A record that still holds a dead body counts as one with all data.
    case takesBusyForComplete = "takes-busy-for-complete"
    /// A record that a refused body has spoiled is sent to again.
    case keepsSpoiledRecords = "keeps-spoiled-records"
    /// A source that ends early counts as one with less data.
    case takesShortForWhole = "takes-short-for-whole"
    /// An import is waited for by its image alone, and its task is ignored.
    case waitsByTheImageAlone = "waits-by-the-image-alone"
    /// A failure that may pass is tried without an end.
    case retriesForEver = "retries-for-ever"
    /// An image of the same name counts as a copy.
    case skipsByName = "skips-by-name"
    /// Copies that were adopted count as ours to delete.
    case ownsWhatItAdopts = "owns-what-it-adopts"

    /// A record under a kept id is deleted like any other.
    case discardsKeptIDs = "discards-kept-ids"
    /// A body that another host is sending counts as a broken one of ours.
    case takesOthersForDead = "takes-others-for-dead"
    /// What another host has sent counts as sent by us.
    case ownsWhatOthersSent = "owns-what-others-sent"

    /// What was spooled before a crash is not hashed before it is trusted.
    case trustsTheSpool = "trusts-the-spool"
    /// Spooled data stays after the last transfer that needs it.
    case keepsSpooledData = "keeps-spooled-data"

    // What a service that lies can make of a process that believes it.

    /// A target that reports no digest counts as one that reports the right one.
    case takesSilenceForProof = "takes-silence-for-proof"
    /// The right size is enough, and digests are ignored.
    case takesSizeForProof = "takes-size-for-proof"
    /// A record is deleted although the service does not say who sees it.
    case deletesWhatItCannotSee = "deletes-what-it-cannot-see"
    /// What cannot be read as a record is asked for again, without an end.
    case asksForEver = "asks-for-ever"
    /// A state that is unknown is waited out, without an end.
    case waitsForUnknownStates = "waits-for-unknown-states"
    /// What is declared is reserved before it comes.
    case reservesWhatIsDeclared = "reserves-what-is-declared"
    /// Arithmetic on a size traps.
    case trapsOnSizes = "traps-on-sizes"
    /// Errors of a decoder leave their stage as they are.
    case throwsForeignErrors = "throws-foreign-errors"
    /// A refusal is shown with the request that it refuses.
    case showsRequests = "shows-requests"

    // What a night's retirement of earlier versions can do wrong.

    /// What becomes of an earlier version becomes of any image that has its name.
    case retiresByName = "retires-by-name"
    /// A version is deleted as soon as a newer one is current.
    case deletesWhatIsReplaced = "deletes-what-is-replaced"
    /// A new version counts as the one with the name of the series before it has it.
    case losesTheName = "loses-the-name"

    /// True if only earlier versions bring it out.
    package var needsNights: Bool {
        switch self {
        case .retiresByName, .deletesWhatIsReplaced, .losesTheName: true
        default: false
        }
    }

    /// True if only services that lie bring it out.
    package var needsLies: Bool {
        switch self {
        case .takesSilenceForProof, .takesSizeForProof, .deletesWhatItCannotSee, .asksForEver,
            .waitsForUnknownStates, .reservesWhatIsDeclared, .trapsOnSizes,
            .throwsForeignErrors, .showsRequests:
            true
        default: false
        }
    }

    func wrap(_ stages: Stages) -> Stages {
        if needsLies { return believing(stages) }
        var wrapped = stages
        wrapped.sources = stages.sources.map { WrappedSource(real: $0, bug: self) }
        wrapped.verifier = WrappedVerifier(real: stages.verifier, bug: self)
        wrapped.targets = stages.targets.map { target in
            var wrapped = target
            let service = (target.uploader as? CloudUploader)?.service
            wrapped.uploader = WrappedUploader(
                real: target.uploader, bug: self, service: service)
            wrapped.waiter = WrappedWaiter(real: target.waiter, bug: self)
            return wrapped
        }
        return wrapped
    }

    func change(_ plan: Plan, beside journal: Journal) async throws(TranshipError) {
        guard self == .skipsByName || self == .ownsWhatItAdopts else { return }
        for comparison in try await plan.comparisons(after: 0, limit: 100, in: journal) {
            var item = comparison.item
            if self == .ownsWhatItAdopts {
                item.start?.placement.clearContents()
            } else if item.action == .create, !comparison.namesakes.isEmpty {
                item.action = .skip
                item.start = nil
            }
            try await plan.decide([(comparison.position, item)])
        }
    }
}

private struct WrappedSource: ImageSource {
    let real: any ImageSource
    let bug: PlantedBug

    var endpoint: String { real.endpoint }
    var limitImages: Int? { real.limitImages }
    var isOnThisMachine: Bool { real.isOnThisMachine }
    var region: CloudRegion? { real.region }

    func list(
        _ listing: Listing, page: ([ListedImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        try await real.list(listing, page: page)
    }

    func fetchable(_ image: SourceImage, for target: CloudRegion?) -> Fetchable {
        real.fetchable(image, for: target)
    }

    func read(
        _ transfer: Transfer, from point: ReadingPoint?, into ring: ByteRing,
        tell: @escaping @Sendable (ReadingEvent) -> Void
    ) async throws(TranshipError) {
        guard bug == .takesShortForWhole else {
            return try await real.read(transfer, from: point, into: ring, tell: tell)
        }
        do {
            try await real.read(transfer, from: point, into: ring) { event in
                guard case .opened = event else { return tell(event) }
                tell(.opened(SourceFacts(sizeBytes: nil)))
            }
        } catch {
            guard ring.failure == nil, ring.writtenBytes > 0, error.code != .interrupted else {
                throw error
            }
        }
    }

    func facts(_ transfer: Transfer) async throws(TranshipError) -> SourceFacts {
        try await real.facts(transfer)
    }
}

private struct WrappedVerifier: ChecksumVerifier {
    let real: any ChecksumVerifier
    let bug: PlantedBug

    private struct Lenient: RunningVerification {
        let real: any RunningVerification
        var observers: [ByteRing.Observer] { real.observers }

        func judge(totalBytes: Int64) throws(TranshipError) -> [Checksum] {
            do {
                return try real.judge(totalBytes: totalBytes)
            } catch {
                return []
            }
        }
    }

    func begin(
        _ transfer: Transfer, reportedAlgorithm: Checksum.Algorithm
    ) throws(TranshipError) -> any RunningVerification {
        let running = try real.begin(transfer, reportedAlgorithm: reportedAlgorithm)
        return bug == .ignoresBrokenPromises || bug == .takesShortForWhole
            ? Lenient(real: running) : running
    }

    func compare(_ transfer: Transfer, with report: TargetReport) -> Verdict {
        bug == .comparesNothing ? .match([]) : real.compare(transfer, with: report)
    }
}

private struct WrappedUploader: ForwardingUploader {
    let real: any ImageUploader
    let bug: PlantedBug
    let service: ImageService?

    func carryOut(_ change: Change) async throws(TranshipError) -> Change {
        switch bug {
        case .retiresByName where !change.action.shows:
            var other = change
            try await real.list(ownerID: nil) { (page) throws(TranshipError) in
                other.image =
                    page.first { $0.name == change.image.name && $0.id != change.image.id }
                    ?? other.image
            }
            return try await real.carryOut(other)
        case .deletesWhatIsReplaced where !change.action.shows:
            try await service?.delete(change.image.id)
            return change.ended(.done)
        case .losesTheName where change.action == .promote: return change.ended(.done)
        default: return try await real.carryOut(change)
        }
    }

    func reconcile(_ transfer: Transfer) async throws(TranshipError) -> Outcome {
        if bug == .keepsSpoiledRecords, let id = transfer.imageID,
            let image = try? await service?.image(id),
            image.status == .queued
        {
            return .send(transfer.moved(to: .registered))
        }
        let found = try await real.reconcile(transfer)
        if bug == .takesOthersForDead, case .snooze(let next, _, _) = found,
            next.placement.isFilledByUs == false
        {
            var given = transfer
            given.placement.claimContents()
            return try await real.reconcile(given)
        }
        if bug == .ownsWhatOthersSent, case .advance(var next) = found {
            next.placement.clearContents()
            next.placement.claimContents()
            return .advance(next)
        }
        if bug == .takesBusyForComplete, case .snooze(let transfer, _, _) = found {
            return .advance(transfer.moved(to: .verifying))
        }
        return found
    }

    func register(
        _ given: Transfer, references: [String: String], commit: @escaping Commit
    ) async throws(TranshipError) -> Outcome {
        let nothing: Commit = { (_: Transfer) async throws(TranshipError) -> Void in }
        let first: Commit = { (next) async throws(TranshipError) in
            guard next.placement.generation == 0 else {
                throw TranshipError(.conflict, "the id is taken", isTransient: true)
            }
            try await commit(next)
        }
        let commits =
            switch bug {
            case .createsBeforeCommitting: nothing
            case .forgetsGenerations: first
            default: commit
            }
        let registered = try await real.register(
            given, references: references, commit: commits)
        guard case .send(let transfer) = registered else { return registered }
        if bug == .createsBeforeCommitting { try await commit(transfer) }
        if bug == .publishesBeforeProof, let id = transfer.imageID {
            _ = try await service?.update(
                id, [.replace("visibility", .string(given.record.visibility.rawValue))])
        }
        return registered
    }

    func send(_ transfer: Transfer, from ring: ByteRing) async throws(TranshipError) -> Transfer {
        if bug == .releasesTheEndEarly { ring.release() }
        return try await real.send(transfer, from: ring)
    }

    func discard(_ transfer: Transfer) async throws(TranshipError) -> Bool {
        switch bug {
        case .leavesUnfinishedCopies: return true
        case .discardsWithoutLooking:
            guard let id = transfer.imageID else { return false }
            do throws(TranshipError) {
                try await service?.delete(id)
            } catch {
                guard error.code == .notFound else { throw error }
            }
            return true
        case .discardsKeptIDs:
            var other = transfer
            other.intent.record.keptID = nil
            return try await real.discard(other)
        default: return try await real.discard(transfer)
        }
    }
}

private struct WrappedWaiter: TaskWaiter {
    let real: any TaskWaiter
    let bug: PlantedBug

    func look(_ transfer: Transfer) async throws(TranshipError) -> Look {
        guard bug == .waitsByTheImageAlone else { return try await real.look(transfer) }
        do throws(TranshipError) {
            let look = try await real.look(transfer)
            guard case .outcome(.restart) = look else { return look }
        } catch {
            guard error.code == .importFailed || error.code == .importTimedOut else { throw error }
        }
        return .outcome(waiting(transfer))
    }

    func requested(
        _ request: ImportNeed, for transfer: Transfer, refusal: TranshipError?
    ) async throws(TranshipError) -> Outcome {
        let outcome = try await real.requested(request, for: transfer, refusal: refusal)
        guard bug == .waitsByTheImageAlone, case .restart = outcome else { return outcome }
        return waiting(transfer)
    }

    private func waiting(_ transfer: Transfer) -> Outcome {
        .snooze(transfer, seconds: 60, reason: .otherProcessWrites)
    }
}
