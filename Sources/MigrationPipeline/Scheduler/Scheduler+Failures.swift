// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import MigrationJournal
internal import MigrationModel

extension Scheduler {
    /// Decides what follows a failure and commits it.
    func settle(_ given: Transfer, after error: TranshipError, run: Run) async {
        if error.code == .interrupted || (Task.isCancelled && error.isTransient) {
            // The journal has the progress so far, and the next run continues from there.
            monitor.left(given, .moved(given))
            return
        }
        if Self.isFatal(error) {
            state.withLock { $0.fatal = $0.fatal ?? error }
            monitor.left(given, .note(given, .failed(.init(error))))
            return
        }
        noteConversion(given, error)
        if error.isAboutWholeTarget {
            state.withLock { $0.paused[given.targetKey] = error }
            spool?.pause(given.targetKey)
        }
        do throws(TranshipError) {
            try await journal.recordAttempt(given, run: run, error: error)
            if let transfer = try await withoutTry(given, error, run: run) {
                try await journal.commit(transfer)
                let notice =
                    transfer.wait.cause.map(TransferNotice.waits) ?? .failed(.init(error))
                monitor.left(
                    transfer,
                    error.looksLikeOutage
                        ? .waitsForEndpoint(transfer, notice) : .note(transfer, notice))
                return
            }
            try await spendTry(given, error)
        } catch {
            state.withLock { $0.fatal = $0.fatal ?? error }
            monitor.left(given, .note(given, .failed(.init(error))))
        }
    }

    /// Returns the transfer with its reason to wait, if the failure is not its own and costs no
    /// try; nil otherwise.
    private func withoutTry(
        _ given: Transfer, _ error: TranshipError, run: Run
    ) async throws(TranshipError) -> Transfer? {
        var transfer = given
        if let endpoint = try await outage(given, error, run: run) {
            transfer.tries.failure = .init(error)
            transfer.wait.cause = .endpointDown("\(endpoint)")
            return transfer
        }
        if error.cause is SpoolDamage, transfer.tries.surprises < RetryPolicy.surprisesMax {
            // This machine's disk is at fault. The source still has all the data.
            transfer.tries.surprises += 1
            transfer.wait.cause = .spoolDamaged(message: error.message)
            return transfer
        }
        return nil
    }

    /// Counts the try, and plans the next one or ends the transfer.
    private func spendTry(_ given: Transfer, _ error: TranshipError) async throws(TranshipError) {
        var transfer = given
        transfer.tries.attempts += 1
        if spool?.takesFlakySources == true, transfer.isSourceFlaky, !transfer.intent.spools,
            !transfer.method.isServerSide
        {
            transfer.intent.spools = true
            transfer.intent.wayReason = .sourceBreaks
            monitor.note(transfer, .usesSpool(.sourceBreaks))
        }
        if error.isSurprise { transfer.tries.surprises += 1 }
        var decision = limits.retries.decide(
            error, attempts: transfer.tries.attempts, surprises: transfer.tries.surprises,
            hasMirrors: transfer.source.hasMirrors && !transfer.method.isServerSide,
            chance: surroundings.chance())
        if !spendsTry(), decision != .giveUp { decision = .giveUp }
        switch decision {
        case .retry(let seconds):
            transfer.wait.dueAt = now().clampedSum(Int64(clamping: seconds * 1000))
            transfer.tries.failure = .init(error)
            let counted = limits.retries.counted(
                transfer.tries.attempts, transfer.tries.surprises)
            transfer.wait.cause = .tryFailed(
                attempt: max(1, counted), of: limits.retries.attemptsMax)
            try await journal.commit(transfer)
            monitor.left(transfer, .retrying(transfer, error: error, seconds: seconds))
        case .giveUp:
            transfer = await givenUp(transfer, error)
            try await journal.commit(transfer)
            await releaseSpool(transfer)
            ended(transfer)
        }
    }

    /// Takes one try from the run's budget. Returns false if the budget is used up.
    private func spendsTry() -> Bool {
        let left = state.withLock { state in
            state.triesLeft -= 1
            return state.triesLeft
        }
        if left == 0 {
            monitor.notice(.retriesUsedUp)
        }
        return left > 0
    }

    /// Discards an unproved copy of ours, and records the reason that the transfer ended.
    private func givenUp(_ given: Transfer, _ cause: TranshipError) async -> Transfer {
        var (transfer, error) = (given, cause)
        if transfer.state == .publishing || transfer.placement.isCopying {
            // The data is proved, so the copy stays private and can be published later.
            transfer.leaveUnpublished(error)
            return transfer
        }
        if let id = transfer.imageID, !transfer.placement.isAdopted {
            let isWrong =
                [.verificationMismatch, .transformed].contains(error.code)
                || error.code == .checksumMismatch && given.state == .verifying
            do throws(TranshipError) {
                transfer = try await abandon(transfer, isWrong: isWrong)
            } catch let obstacle {
                // The id stays in the journal: the next run checks it first.
                monitor.note(transfer, .notDiscarded(message: obstacle.message))
                error = cause.leaving(copy: id, because: obstacle)
                if isWrong {
                    error = cause.hinting(
                        "the wrong copy is still at the target, since it could not be "
                            + "discarded (\(obstacle.message)): delete it with `openstack image "
                            + "delete \(id)`, then run again")
                }
            }
        }
        transfer.fail(error)
        return transfer
    }

    /// Abandons the record of a transfer. A body of ours that broke off may reach the service late.
    /// The record is then busy for a moment, as with a body of another host, and empty again
    /// afterwards, so this tries several times.
    private func abandon(
        _ transfer: Transfer, isWrong: Bool
    ) async throws(TranshipError) -> Transfer {
        let uploader = try stages.target(of: transfer).uploader
        for _ in 0..<Self.lateBodyLooks where transfer.state == .sending {
            do throws(TranshipError) {
                return try await uploader.abandon(transfer, isWrong: isWrong)
            } catch {
                guard error.code == .targetConflict else { throw error }
            }
            await withCheckedContinuation { continuation in
                _ = surroundings.after(Self.lateBodyMilliseconds) { continuation.resume() }
            }
        }
        return try await uploader.abandon(transfer, isWrong: isWrong)
    }

    private static let lateBodyLooks = 6
    private static let lateBodyMilliseconds = 300

    /// Returns true for errors that would affect every other transfer, too.
    static func isFatal(_ error: TranshipError) -> Bool {
        switch error.code {
        case .journalFailed, .authenticationFailed, .noImageService, .notKeystone: true
        // The next try renews a token that expired during an upload.
        case .unauthorized: !error.isTransient
        default: false
        }
    }

    /// Fails transfers that remain although none is due: their references form a circle.
    func failStranded(_ run: Run) async throws(TranshipError) -> Bool {
        let paused = state.withLock { Set($0.paused.keys) }
        let stranded = try await journal.unfinished(run: run, limit: 1000).filter {
            !paused.contains($0.targetKey) && !isCutOff($0)
        }
        for transfer in stranded {
            let error = TranshipError(
                .dependencyFailed,
                "the image names another one as kernel or ramdisk that in turn waits for it",
                hint: "remove kernel_id or ramdisk_id from one of them at the source")
            var failed = transfer
            failed.fail(error)
            try await journal.commit(failed)
            ended(failed)
        }
        return !stranded.isEmpty
    }
}

extension TranshipError {
    /// True if the project's quota or the target's disk is full. False if only this image is too
    /// large. Both are 413, so only the text of the answer shows the difference.
    var isAboutWholeTarget: Bool {
        if cause is FullTarget || answer?.status == 507 { return true }
        guard code == .quotaExceeded, let words = answer?.message.lowercased(),
            // Limits such as `image_property_quota` are for each image.
            !["propert", " tag", "member", "location"].contains(where: words.contains)
        else { return false }
        return words.contains("quota") || words.contains("over limit")
            || words.contains("over a limit") || words.contains("storage media is full")
    }
}
