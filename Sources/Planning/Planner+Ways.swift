// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel
internal import PipelineFiles

/// Whether data goes through in one pass or lies in the spool between.
struct WayChoice: Hashable {
    var spools: Bool
    var reason: PlanReason

    /// - Parameter copies: how many targets get the data through us.
    init(_ mode: TransferMode, _ transfer: Transfer, copies: Int) {
        switch (mode, transfer.source.location) {
        case (_, _) where transfer.method.isServerSide:
            self.init(false, .fetchedByTarget)
        case (.stream, _): self.init(false, .namedByPipeline)
        case (_, .file): self.init(false, .dataIsLocal)
        case (.spool, _): self.init(true, .namedByPipeline)
        case (.auto, _) where copies > 1:
            self.init(true, .severalTargets(count: copies))
        case (.auto, _) where transfer.isSourceFlaky:
            self.init(true, .sourceBreaks)
        case (.auto, _): self.init(false, .oneTarget)
        }
    }

    private init(_ spools: Bool, _ reason: PlanReason) {
        self.spools = spools
        self.reason = reason
    }
}

extension Planner {
    /// The start with how its data travels.
    func going(_ given: Transfer, copies: Int) -> Transfer {
        var start = given
        let choice = WayChoice(mode, start, copies: copies)
        start.intent.spools = choice.spools
        start.intent.wayReason = choice.reason
        return start
    }

    /// Decides once more where images go to several targets: how many get the
    /// data of each through us is known only once all is decided.
    func chooseWays() async throws(TranshipError) {
        guard mode == .auto, targets.count > 1 else { return }
        var position: Int64 = 0
        while true {
            let page = try await plan.items(
                after: position, limit: Self.pageImages, actions: [.create])
            guard let last = page.last else { return }
            position = last.position
            let copies = try await plan.copiesThroughUs(
                sourceKeys: Set(page.map(\.item.source.key)), targetKeys: targets.map(\.key))
            var changed: [(position: Int64, item: PlanItem)] = []
            for (position, item) in page {
                guard let start = item.start, let count = copies[item.source.key], count > 1
                else { continue }
                var item = item
                item.start = going(start, copies: count)
                changed.append((position, item))
            }
            try await plan.decide(changed)
        }
    }
}
