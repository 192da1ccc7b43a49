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
        let removals = try await journal.removals(of: run).map { ($0.imageID, $0.at) }
        let removalTimes = Dictionary(removals) { $1 }
        var tally: [Leftover.Fate: Int] = [:]
        var deletesLeft = removes ? deletesMax : 0
        var needs = Needs(opened)
        var thereBefore = 0
        func take(_ transfer: Transfer) async throws(TranshipError) {
            var copy = UndoneCopy(transfer, .madeByRun(number))
            if let user = needs.user(of: transfer) {
                (copy.fate, copy.reason) = (.keep, .neededBy(imageID: user))
            } else if try await wasFinishedLater(transfer) {
                var none = 0
                try await undo(&copy, in: opened, deletesLeft: &none)
                if copy.fate != .gone {
                    (copy.fate, copy.reason) = (.keep, .finishedByLaterRun)
                }
            } else {
                try await undo(&copy, in: opened, deletesLeft: &deletesLeft)
            }
            if copy.fate == .removed {
                try await journal.recordRemoval(of: transfer, madeBy: run)
            }
            if copy.fate == .gone { copy.explainGone(removalTimes) }
            if [.remove, .removed].contains(copy.fate) { needs.leaves(transfer) }
            tally[copy.fate, default: 0] += 1
            try await each(copy)
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
                for transfer in page {
                    guard !transfer.placement.isAdopted else {
                        if !isNamed { thereBefore += 1 }
                        continue
                    }
                    try await needs.look(for: transfer, in: opened)
                    guard needs.areThere(of: transfer) == isNamed else { continue }
                    if needs.user(of: transfer) != nil {
                        needed.append(transfer)
                    } else {
                        try await take(transfer)
                    }
                }
            }
        }
        // A kernel may name a ramdisk.
        while let free = needed.firstIndex(where: { needs.user(of: $0) == nil }) {
            try await take(needed.remove(at: free))
        }
        for transfer in needed { try await take(transfer) }
        tellWhatWasThere(thereBefore, before: number)
        return tally
    }

    private func tellWhatWasThere(_ images: Int, before run: Int64) {
        guard images > 0 else { return }
        let words = images == 1 ? "1 image was" : "\(images) images were"
        tell(
            .warning(
                "\(words) at the targets before run \(run): the rollback leaves \(images == 1 ? "it" : "them") alone"
            ))
    }

    /// What else the run did. A rollback removes what it made, and changes nothing back.
    private func tellWhatStays(of run: Run) async throws(TranshipError) {
        let changes = try await journal.changes(of: run, in: [.done]).count
        if changes > 0 {
            tell(
                .warning(
                    "run \(run.id) also changed \(counted(changes, "earlier version")) of series, which "
                        + "stay as they are; `tranship series rollback` goes back to an earlier version"
                ))
        }
        let updated = try await journal.updatedCount(by: run)
        if updated > 0 {
            tell(
                .warning(
                    "run \(run.id) also updated \(counted(updated, "image")) of earlier runs, which stay "
                        + "as they are: a rollback removes what a run made, and changes nothing back"
                ))
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
        _ copy: inout UndoneCopy, in opened: OpenedPipeline, deletesLeft: inout Int
    ) async throws(TranshipError) {
        let transfer = copy.transfer
        guard let target = opened.targets.first(where: { $0.opened.key == transfer.targetKey })
        else {
            (copy.fate, copy.reason) = (.keep, .targetNotInPipeline)
            return
        }
        var references: [String: String] = [:]
        for (property, key) in transfer.record.references {
            references[property] =
                try await journal.transfer(
                    sourceKey: key, targetKey: transfer.targetKey(ofReference: key))?.imageID
        }
        try await target.opened.uploader.undo(
            &copy, references: references, deletesLeft: &deletesLeft)
        if case .editedByHand(let field) = copy.reason,
            let run = try await runThatChanged(field, of: transfer)
        {
            copy.reason = .changedByRun(run, field: field)
        }
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
}

extension UndoneCopy {
    /// - Parameter removalTimes: when rollbacks removed images, by their ids.
    fileprivate mutating func explainGone(_ removalTimes: [String: Int64]) {
        // The run ended before the target had answered that it made the record.
        if transfer.state == .registered, transfer.placement.contents == .empty {
            reason = .neverMade
        }
        if let time = transfer.imageID.flatMap({ removalTimes[$0] }) {
            reason = .removedBefore(time)
        }
    }
}
