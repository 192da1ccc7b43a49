// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import ImageUploaders
import MigrationJournal
import MigrationModel
import MigrationPipeline
import OpenStackImage

/// A mistake that a programmer might make, put around the real stages. A useful simulation has to
/// find each of them.
package enum PlantedBug: String, CaseIterable, Sendable {
    /// Publishing as soon as there is a record.
    case publishesBeforeProof = "publishes-before-proof"
    /// Accepting data of a source that breaks its promise.
    case ignoresBrokenPromises = "ignores-broken-promises"
    /// Releasing the last bytes before the digest of all bytes was compared.
    case releasesTheEndEarly = "releases-the-end-early"
    /// Not comparing the target's report with the data that was sent.
    case comparesNothing = "compares-nothing"
    /// Creating the record before its id is in the journal.
    case createsBeforeCommitting = "creates-before-committing"
    /// Sending a create request again after its answer was lost, without the derived id.
    case createsAgainAfterALostAnswer = "creates-again-after-a-lost-answer"
    /// Deleting a record without a check of its owner and its visibility.
    case discardsWithoutLooking = "discards-without-looking"
    /// Leaving unfinished copies at the target.
    case leavesUnfinishedCopies = "leaves-unfinished-copies"
    /// Trying a burned id again and again.
    case forgetsGenerations = "forgets-generations"
    /// Treating a record that still holds a dead body as one with all data.
    case takesBusyForComplete = "takes-busy-for-complete"
    /// Sending to a record that a refused body has spoiled.
    case keepsSpoiledRecords = "keeps-spoiled-records"
    /// Treating a source that ends early as one with less data.
    case takesShortForWhole = "takes-short-for-whole"
    /// Waiting for an import only by its image, and ignoring its task.
    case waitsByTheImageAlone = "waits-by-the-image-alone"
    /// Retrying transient failures without an end.
    case retriesForEver = "retries-for-ever"
    /// Treating an image of the same name as a copy.
    case skipsByName = "skips-by-name"
    /// Treating adopted copies as ours to delete.
    case ownsWhatItAdopts = "owns-what-it-adopts"

    /// Deleting a record under a kept id like any other.
    case discardsKeptIDs = "discards-kept-ids"
    /// Treating a body that another host is sending as a broken one of ours.
    case takesOthersForDead = "takes-others-for-dead"
    /// Treating data that another host has sent as sent by us.
    case ownsWhatOthersSent = "owns-what-others-sent"

    /// Trusting data that was spooled before a crash, without hashing it.
    case trustsTheSpool = "trusts-the-spool"
    /// Leaving spooled data after the last transfer that needs it.
    case keepsSpooledData = "keeps-spooled-data"

    // Mistakes of a process that believes a service that lies.

    /// Treating a target that reports no digest as one that reports the right one.
    case takesSilenceForProof = "takes-silence-for-proof"
    /// Accepting the right size as proof, and ignoring digests.
    case takesSizeForProof = "takes-size-for-proof"
    /// Deleting a record although the service does not report its visibility.
    case deletesWhatItCannotSee = "deletes-what-it-cannot-see"
    /// Requesting an unreadable record again, without an end.
    case asksForEver = "asks-for-ever"
    /// Waiting for the end of an unknown state, without an end.
    case waitsForUnknownStates = "waits-for-unknown-states"
    /// Reserving memory for the declared size before the data comes.
    case reservesWhatIsDeclared = "reserves-what-is-declared"
    /// Trapping on arithmetic with a size.
    case trapsOnSizes = "traps-on-sizes"
    /// Letting a decoder's errors out of their stage as they are.
    case throwsForeignErrors = "throws-foreign-errors"
    /// Showing a refusal with the request that it refuses.
    case showsRequests = "shows-requests"

    // Mistakes in the treatment of earlier versions in the nights.

    /// Treating any image with the name of an earlier version as that version.
    case retiresByName = "retires-by-name"
    /// Deleting a version as soon as a newer one is current.
    case deletesWhatIsReplaced = "deletes-what-is-replaced"
    /// Treating a new version as the one with the name of the series before it has the name.
    case losesTheName = "loses-the-name"

    /// True if only earlier versions can reveal the bug.
    package var needsNights: Bool {
        switch self {
        case .retiresByName, .deletesWhatIsReplaced, .losesTheName: true
        default: false
        }
    }

    /// True if only services that lie can reveal the bug.
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
