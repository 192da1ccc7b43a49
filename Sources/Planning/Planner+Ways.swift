// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import MigrationJournal
internal import MigrationModel
internal import PipelineFiles

/// Whether data goes through in one pass or lies in the spool between.
struct WayChoice: Hashable {
    var spools: Bool
    var reason: String

    /// - Parameter copies: how many targets get the data through us.
    init(_ mode: TransferMode, _ transfer: Transfer, copies: Int) {
        switch (mode, transfer.source.location) {
        case (_, _) where transfer.method.isServerSide:
            self.init(false, "the target fetches it")
        case (.stream, _): self.init(false, "named by the pipeline")
        case (_, .file): self.init(false, "the file is here")
        case (.spool, _): self.init(true, "named by the pipeline")
        case (.auto, _) where copies > 1:
            self.init(true, "read once for \(copies) targets")
        case (.auto, _) where transfer.isSourceFlaky:
            self.init(true, Transfer.flakyWords)
        case (.auto, _): self.init(false, "one target")
        }
    }

    private init(_ spools: Bool, _ reason: String) {
        self.spools = spools
        self.reason = reason
    }
}

extension Planner {
    /// Decides for each image that is to be copied how its data travels.
    func chooseWays() async throws(MigrationError) {
        var position: Int64 = 0
        while true {
            let page = try await journal.planItems(
                after: position, limit: Self.pageImages, actions: [.create])
            guard let last = page.last else { return }
            position = last.position
            let copies =
                mode == .auto && targets.count > 1
                ? try await journal.copiesThroughUs(
                    sourceKeys: Set(page.map(\.item.source.key)), targetKeys: targets.map(\.key))
                : [:]
            var changed: [(position: Int64, item: PlanItem)] = []
            for (position, item) in page {
                guard let start = item.start else { continue }
                let choice = WayChoice(mode, start, copies: copies[item.source.key] ?? 1)
                var item = item
                item.start?.spools = choice.spools
                item.start?.wayReason = choice.reason
                if item != item.with(start) { changed.append((position, item)) }
            }
            try await journal.decide(changed)
        }
    }
}

extension PlanItem {
    fileprivate func with(_ start: Transfer) -> PlanItem {
        var copy = self
        copy.start = start
        return copy
    }
}
