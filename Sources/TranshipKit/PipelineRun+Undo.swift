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
    /// Copies that a rollback looks at and deletes at a time.
    private static let undoneAtOnce = 8

    /// Removes what a run made at the targets, as long as it is what the run left. What an operator
    /// has changed since stays, with the names of the fields.
    ///
    /// The target reads each record again right before it deletes it.
    ///
    /// - Parameters:
    ///   - number: of the run.
    ///   - removes: false only lists; true removes at most ``deletesMax`` copies.
    ///   - each: called with every copy, after what was done about it.
    /// - Returns: how many copies met each fate; of ``Leftover/Fate/remove``, those that are left.
    /// - Throws: ``TranshipError/Code/notFound`` if the journal has no such run; as planning.
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
        try await tellWhatStays(of: run)
        var undoing = Undoing(opened, run, deletesLeft: removes ? deletesMax : 0)
        for removal in try await journal.removals(of: run) {
            undoing.removalTimes[removal.imageID] = removal.at
        }
        // Kernels and ramdisks come last: what names them may go before.
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

    /// A rollback that is under way.
    private struct Undoing {
        let opened: OpenedPipeline
        let run: Run
        /// How many copies may be deleted yet.
        var deletesLeft: Int
        /// When earlier rollbacks removed images, by their ids.
        var removalTimes: [String: Int64] = [:]
        var needs: Needs
        /// Images that were there before the run.
        var adopted = 0
        var tally: [Leftover.Fate: Int] = [:]

        init(_ opened: OpenedPipeline, _ run: Run, deletesLeft: Int) {
            (self.opened, self.run, self.deletesLeft) = (opened, run, deletesLeft)
            needs = Needs(opened)
        }
    }

    /// Undoes some copies, several at a time: a service takes long for each deletion.
    ///
    /// - Throws: the first error, after all that are under way have ended and are written down.
    private func undo(
        _ transfers: [Transfer], _ undoing: inout Undoing,
        each: (UndoneCopy) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        var rest = transfers[...]
        while !rest.isEmpty {
            // Each of them may need a deletion.
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

    /// What becomes of copies at the same time, in their order. Deletes at most one image for each.
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

    /// - Parameter user: an image that stays and needs this one.
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

    /// What else the run did. A rollback removes what it made, and changes nothing back.
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

    /// Which images need others of the same Image service. With a token of each project, a target
    /// shows the images of its own project: those of all projects together say it.
    private struct Needs {
        /// By service and by the image that is needed: those that name it.
        private var users: [String: [String: Set<String>]] = [:]
        /// By service: what goes.
        private var leaving: [String: Set<String>] = [:]
        private let services: [String: String]

        init(_ opened: OpenedPipeline) {
            services = Dictionary(
                opened.targets.map { ($0.opened.key, $0.opened.endpoint) }
            ) { first, _ in first }
        }

        /// Of a target that the pipeline does not have any more, its own key.
        private func service(of transfer: Transfer) -> String {
            services[transfer.targetKey] ?? transfer.targetKey
        }

        /// Lists the targets of a service that was not looked at yet.
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

        /// An image that stays and needs this one.
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

    /// The ids at the target of the images that a record names, by property.
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
    /// it. The copy is that run's then.
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

    /// The run that made an earlier version of a copy, if that explains all of these fields.
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

    /// - Parameter removalTimes: when rollbacks removed images, by their ids.
    private func explainGone(
        _ copy: inout UndoneCopy, _ removalTimes: [String: Int64]
    ) async throws(TranshipError) {
        let transfer = copy.transfer
        // The run ended before the target had answered that it made the record.
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
