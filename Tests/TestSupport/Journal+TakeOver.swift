// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
public import MigrationJournal
public import MigrationModel

extension Journal {
    /// Makes these items a run's transfers, as planning does. Items without an action are created
    /// from the beginning.
    ///
    /// - Parameter plan: the plan of the items; nil for a new one.
    public func takeOver(
        _ items: [PlanItem], order: TransferOrder = .listed, in plan: Plan? = nil
    ) async throws -> Run {
        let run = try await beginRun(
            pipelineName: "tests", pipelineFile: "tests.yaml", pipelineText: "version: 1")
        let plan = try plan ?? Plan(beside: self)
        try await plan.begin()
        try await plan.add(items.map(\.created))
        var position: Int64 = 0
        while true {
            let page = try await plan.comparisons(after: position, limit: 1000, in: self)
            guard let last = page.last else { break }
            try await plan.decide(page.map { ($0.position, $0.item) })
            position = last.position
        }
        plan.finish()
        try await takeOver(plan, run: run, order: order)
        return run
    }
}

extension Plan {
    /// Returns an empty plan with which a run may begin.
    public static func finished(beside journal: Journal) throws -> Plan {
        let plan = try Plan(beside: journal)
        plan.finish()
        return plan
    }
}

extension PlanItem {
    /// The item, decided as a create unless it is already decided.
    fileprivate var created: PlanItem {
        guard action == nil else { return self }
        var item = self
        item.action = .create
        item.start = .fresh(item.intent, promised: promise)
        return item
    }
}
