// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles

/// The decision between streaming the data in one pass and spooling it.
struct WayChoice: Hashable {
    var spools: Bool
    var reason: PlanReason

    /// - Parameters:
    ///   - copies: the number of targets that get the data through this process.
    ///   - isOnThisMachine: true if the source's data is on this machine.
    ///   - isSpooled: true if an earlier run has all of the data in the spool.
    init(
        _ mode: TransferMode, _ transfer: Transfer, copies: Int, isOnThisMachine: Bool,
        isSpooled: Bool = false
    ) {
        switch mode {
        case _ where transfer.method.isServerSide: self.init(false, .fetchedByTarget)
        case _ where transfer.source.published?.conversion != nil:
            self.init(true, .dataIsConverted)
        case .stream: self.init(false, .namedByPipeline)
        case _ where isOnThisMachine: self.init(false, .dataIsLocal)
        case .spool: self.init(true, .namedByPipeline)
        case .auto where isSpooled: self.init(true, .isSpooled)
        case .auto where copies > 1: self.init(true, .severalTargets(count: copies))
        case .auto where transfer.isSourceFlaky: self.init(true, .sourceBreaks)
        case .auto: self.init(false, .oneTarget)
        }
    }

    private init(_ spools: Bool, _ reason: PlanReason) {
        self.spools = spools
        self.reason = reason
    }
}

extension Planner {
    /// Returns the item's start with the way in which its data travels.
    func going(_ item: PlanItem, copies: Int) -> Transfer? {
        guard var start = item.start else { return nil }
        let choice = WayChoice(
            mode, start, copies: copies,
            isOnThisMachine: sources[item.source.sourceIndex].isOnThisMachine,
            isSpooled: spooled.has(item.source))
        start.intent.spools = choice.spools
        start.intent.wayReason = choice.reason
        return start
    }

    /// Decides again for images that go to several targets: the number of targets that get the data
    /// through us is known only after all decisions.
    func chooseWays() async throws(TranshipError) {
        guard mode == .auto, targets.count > 1 else { return }
        var position: Int64 = 0
        while true {
            let page = try await plan.items(
                after: position, limit: Self.pageImages, actions: [.create])
            guard let last = page.last else { return }
            position = last.position
            let copies = try await plan.copiesThroughUs(
                sourceKeys: Set(page.map(\.item.source.key)), targetKeys: targets.map(\.opened.key))
            var changed: [(position: Int64, item: PlanItem)] = []
            for (position, item) in page {
                guard item.start != nil, let count = copies[item.source.key], count > 1
                else { continue }
                var item = item
                item.start = going(item, copies: count)
                changed.append((position, item))
            }
            try await plan.decide(changed)
        }
    }
}
