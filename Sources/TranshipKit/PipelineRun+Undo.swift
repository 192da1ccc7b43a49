// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import MigrationJournal
public import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles
internal import Planning

extension PipelineRun {
    private static let undoPageTransfers = 200
    /// The maximum number of copies that a rollback looks at and deletes at the same time.
    private static let undoneAtOnce = 8

    /// Removes the copies that a run made at the targets, if they are as the run left them. A copy
    /// that an operator has changed since stays, and its reason names the fields.
    ///
    /// The target reads each record again right before it deletes the record.
    ///
    /// - Parameters:
    ///   - number: the number of the run.
    ///   - removes: false to only list the copies; true to remove at most ``deletesMax`` of them.
    ///   - each: called with every copy, after the copy was handled.
    /// - Returns: the number of copies for each fate; ``Leftover/Fate/remove`` counts those that
    ///   are left.
    /// - Throws: ``TranshipError/Code/notFound`` if the journal has no such run;
    ///   ``TranshipError/Code/placeChanged`` if a target leads to another place than in that run;
    ///   as planning.
    public func undo(
        run number: Int64, removes: Bool, each: (UndoneCopy) async throws(TranshipError) -> Void
    ) async throws(TranshipError) -> [Leftover.Fate: Int] {
        guard let run = try await journal.run(number) else {
            throw TranshipError(
                .notFound, "the journal \(journal.path) has no run \(number)",
                hint: try await journal.runsWords())
        }
        let opened = try await OpenedPipeline.open(
            pipeline, environment: environment, tuning: tuning, tell: tell)
        try await expectPlaces(of: run, opened, only: .target, plansInstead: false)
        try await tellWhatStays(of: run)
        var undoing = Undoing(opened, run, deletesLeft: removes ? deletesMax : 0)
        for removal in try await journal.removals(of: run) {
            undoing.removalTimes[removal.imageID] = removal.at
        }
        // Kernels and ramdisks come last: the images that name them may be removed before.
        var needed: [Transfer] = []
        for isNamed in [false, true] {
            var last: Int64 = 0
            while true {
                let page = try await journal.made(
                    by: run, limit: Self.undoPageTransfers, after: last)
                guard let end = page.last else { break }
                last = end.id
                var free: [Transfer] = []
                for transfer in page {
                    guard !transfer.placement.isAdopted else {
                        if !isNamed { undoing.adopted += 1 }
                        continue
                    }
                    try await undoing.needs.look(for: transfer, in: opened)
                    guard undoing.needs.areThere(of: transfer) == isNamed else { continue }
                    if undoing.needs.user(of: transfer) != nil {
                        needed.append(transfer)
                    } else {
                        free.append(transfer)
                    }
                }
                try await undo(free, &undoing, each: each)
            }
        }
        // A kernel may name a ramdisk.
        while let free = needed.firstIndex(where: { undoing.needs.user(of: $0) == nil }) {
            try await undo([needed.remove(at: free)], &undoing, each: each)
        }
        try await undo(needed, &undoing, each: each)
        tellWhatWasThere(undoing.adopted, before: number)
        return undoing.tally
    }

    /// The state of a rollback that is under way.
    private struct Undoing {
        let opened: OpenedPipeline
        let run: Run
        /// The number of copies that may still be deleted.
        var deletesLeft: Int
        /// The times at which earlier rollbacks removed images, by the ids of the images.
        var removalTimes: [String: Int64] = [:]
        var needs: Needs
        /// The number of images that existed before the run.
        var adopted = 0
        var tally: [Leftover.Fate: Int] = [:]

        init(_ opened: OpenedPipeline, _ run: Run, deletesLeft: Int) {
            (self.opened, self.run, self.deletesLeft) = (opened, run, deletesLeft)
            needs = Needs(opened)
        }
    }

    /// Undoes some copies, several at a time: a service takes long for each deletion.
    ///
    /// - Throws: the first error, after all started removals have ended and are recorded.
    private func undo(
        _ transfers: [Transfer], _ undoing: inout Undoing,
        each: (UndoneCopy) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        var rest = transfers[...]
        while !rest.isEmpty {
            // Each copy of this wave may need a deletion.
            let deletes = undoing.deletesLeft
            let wave = Array(
                rest.prefix(deletes > 0 ? min(deletes, Self.undoneAtOnce) : Self.undoneAtOnce))
            rest = rest.dropFirst(wave.count)
            var failure: TranshipError?
            for result in await undone(wave, undoing) {
                do throws(TranshipError) {
                    let copy = try result.get()
                    if copy.fate == .removed {
                        undoing.deletesLeft -= 1
                        try await journal.recordRemoval(of: copy.transfer, madeBy: undoing.run)
                    }
                    if [.remove, .removed].contains(copy.fate) {
                        undoing.needs.leaves(copy.transfer)
                    }
                    undoing.tally[copy.fate, default: 0] += 1
                    try await each(copy)
                } catch {
                    failure = failure ?? error
                }
            }
            if let failure { throw failure }
        }
    }

    private struct Undone: Sendable {
        let index: Int
        let result: Result<UndoneCopy, TranshipError>
    }

    /// Handles some copies at the same time, and returns the results in order. Deletes at most one
    /// image for each copy.
    private func undone(
        _ transfers: [Transfer], _ undoing: Undoing
    ) async -> [Result<UndoneCopy, TranshipError>] {
        await withTaskGroup(of: Undone.self) { group in
            for (index, transfer) in transfers.enumerated() {
                let user = undoing.needs.user(of: transfer)
                group.addTask {
                    do throws(TranshipError) {
                        let copy = try await self.undone(transfer, user, undoing)
                        return Undone(index: index, result: .success(copy))
                    } catch {
                        return Undone(index: index, result: .failure(error))
                    }
                }
            }
            var results: [Undone] = []
            for await one in group { results.append(one) }
            return results.sorted { $0.index < $1.index }.map(\.result)
        }
    }

    /// - Parameter user: the id of an image that stays and needs this one.
    private func undone(
        _ transfer: Transfer, _ user: String?, _ undoing: Undoing
    ) async throws(TranshipError) -> UndoneCopy {
        var copy = UndoneCopy(transfer, .madeByRun(undoing.run.id))
        if let user {
            (copy.fate, copy.reason) = (.keep, .neededBy(imageID: user))
        } else if try await wasFinishedLater(transfer) {
            try await undo(&copy, undoing, mayDelete: false)
            if copy.fate != .gone {
                (copy.fate, copy.reason) = (.keep, .finishedByLaterRun)
            }
        } else {
            try await undo(&copy, undoing, mayDelete: undoing.deletesLeft > 0)
        }
        if copy.fate == .gone { try await explainGone(&copy, undoing.removalTimes) }
        return copy
    }

    private func tellWhatWasThere(_ images: Int, before run: Int64) {
        guard images > 0 else { return }
        tell(.warning(.othersWereThere(images: images, beforeRun: run)))
    }

    /// Warns of other changes by the run: a rollback removes the images that the run made, and
    /// reverts nothing else.
    private func tellWhatStays(of run: Run) async throws(TranshipError) {
        let changes = try await journal.changes(of: run, in: [.done]).count
        if changes > 0 {
            tell(.warning(.versionsStayChanged(count: changes, byRun: run.id)))
        }
        let updated = try await journal.updatedCount(by: run)
        if updated > 0 {
            tell(.warning(.imagesStayUpdated(count: updated, byRun: run.id)))
        }
    }

    /// The images that others of the same Image service need. A target with a token of one project
    /// lists only the images of that project, so the lists of all targets of the service are
    /// combined.
    private struct Needs {
        /// The images that name an image, by service and by the id of the named image.
        private var users: [String: [String: Set<String>]] = [:]
        /// The images that are removed, by service.
        private var leaving: [String: Set<String>] = [:]
        private let services: [String: String]

        init(_ opened: OpenedPipeline) {
            services = Dictionary(
                opened.targets.map { ($0.opened.key, $0.opened.endpoint) }
            ) { first, _ in first }
        }

        /// Returns the service of a transfer's target, or the target's key if the pipeline no
        /// longer has it.
        private func service(of transfer: Transfer) -> String {
            services[transfer.targetKey] ?? transfer.targetKey
        }

        /// Lists the targets of a transfer's service, unless they were listed before.
        mutating func look(
            for transfer: Transfer, in opened: OpenedPipeline
        ) async throws(TranshipError) {
            let service = service(of: transfer)
            guard users[service] == nil else { return }
            var found: [String: Set<String>] = [:]
            for target in opened.targets where target.opened.endpoint == service {
                try await target.opened.uploader.list(ownerID: nil) { images in
                    for image in images {
                        for id in image.namedImageIDs ?? [] {
                            found[id, default: []].insert(image.id)
                        }
                    }
                }
            }
            users[service] = found
        }

        func areThere(of transfer: Transfer) -> Bool {
            transfer.imageID.map { users[service(of: transfer)]?[$0] != nil } ?? false
        }

        /// Returns an image that stays and needs this one.
        func user(of transfer: Transfer) -> String? {
            guard let id = transfer.imageID else { return nil }
            let service = service(of: transfer)
            return users[service]?[id]?.subtracting(leaving[service] ?? []).min()
        }

        mutating func leaves(_ transfer: Transfer) {
            guard let id = transfer.imageID else { return }
            leaving[service(of: transfer), default: []].insert(id)
        }
    }

    private func undo(
        _ copy: inout UndoneCopy, _ undoing: Undoing, mayDelete: Bool
    ) async throws(TranshipError) {
        let transfer = copy.transfer
        guard
            let target = undoing.opened.targets.first(where: {
                $0.opened.key == transfer.targetKey
            })
        else {
            (copy.fate, copy.reason) = (.keep, .targetNotInPipeline)
            return
        }
        let uploader = target.opened.uploader
        var deletesLeft = mayDelete ? 1 : 0
        try await uploader.undo(
            &copy, references: try await references(of: transfer), deletesLeft: &deletesLeft)
        guard case .editedByHand(let fields) = copy.reason else { return }
        var edited = fields
        if let update = try await journal.update(of: transfer, after: undoing.run) {
            var now = UndoneCopy(update.transfer, .madeByRun(update.runID))
            var none = 0
            try await uploader.undo(
                &now, references: try await references(of: update.transfer), deletesLeft: &none)
            if now.fate == .remove {
                copy.reason = .updatedByRun(update.runID, field: fields)
                return
            }
            if case .editedByHand(let fields) = now.reason { edited = fields }
        }
        copy.reason = .editedByHand(field: edited)
        if let run = try await runThatChanged(edited, of: transfer) {
            copy.reason = .changedByRun(run, field: edited)
        }
    }

    /// Returns the ids, at the target, of the images that a record names, by property.
    private func references(
        of transfer: Transfer
    ) async throws(TranshipError) -> [String: String] {
        var references: [String: String] = [:]
        for (property, key) in transfer.record.references {
            references[property] =
                try await journal.transfer(
                    sourceKey: key, targetKey: transfer.targetKey(ofReference: key))?.imageID
        }
        return references
    }

    /// True if the run ended before it had proved the copy, and a later run sent the data or proved
    /// it. The copy then belongs to the later run.
    private func wasFinishedLater(_ transfer: Transfer) async throws(TranshipError) -> Bool {
        let proved: [TransferState] = [.publishing, .done, .unpublished]
        guard !proved.contains(transfer.state), transfer.state != .skipped,
            let now = try await journal.transfer(
                sourceKey: transfer.source.key, targetKey: transfer.targetKey),
            now.imageID == transfer.imageID
        else { return false }
        return proved.contains(now.state)
            || !transfer.placement.isFilledByUs && now.placement.isFilledByUs
    }

    /// Returns the last run that changed an earlier version, if such changes explain all of these
    /// fields.
    private func runThatChanged(
        _ fields: FieldNames, of transfer: Transfer
    ) async throws(TranshipError) -> Int64? {
        guard let id = transfer.imageID else { return nil }
        let changes = try await journal.retirements(ofImage: id, at: transfer.targetKey)
        let ours = Set(
            changes.map { change in
                switch change.action {
                case .hide: "hidden"
                case .deactivate: "deactivated"
                case .rename: "name"
                case .restore, .promote, .delete: ""
                }
            })
        return ours.isSuperset(of: fields.names) ? changes.first?.runID : nil
    }

    /// Adds the reason why a copy is gone, if it is known.
    ///
    /// - Parameter removalTimes: the times at which rollbacks removed images, by the ids of the
    ///   images.
    private func explainGone(
        _ copy: inout UndoneCopy, _ removalTimes: [String: Int64]
    ) async throws(TranshipError) {
        let transfer = copy.transfer
        // The run ended before the target answered that the record was made.
        if transfer.state == .registered, transfer.placement.contents == .empty {
            copy.reason = .neverMade
        }
        guard let id = transfer.imageID else { return }
        if let now = try await journal.transfer(
            sourceKey: transfer.source.key, targetKey: transfer.targetKey), now.imageID != id
        {
            copy.reason = .givenUpByLaterRun(newImageID: now.imageID)
        }
        let changes = try await journal.retirements(ofImage: id, at: transfer.targetKey)
        if let last = changes.first, last.action == .delete {
            copy.reason = .deletedByRun(last.runID)
        }
        if let time = removalTimes[id] { copy.reason = .removedBefore(time) }
    }
}
