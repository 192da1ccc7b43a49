// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
public import MigrationJournal
public import MigrationModel

extension Journal {
    /// Makes these items a run's transfers, as planning does; those without an
    /// action are created from nothing.
    public func adopt(
        _ items: [PlanItem], order: WorkOrder = .listed
    ) async throws -> Run {
        let run = try await beginRun(
            pipelineName: "tests", pipelineFile: "tests.yaml", pipelineText: "version: 1")
        try await beginPlan()
        try await add(items.map(\.created))
        var position: Int64 = 0
        while true {
            let page = try await comparisons(after: position, limit: 1000)
            guard let last = page.last else { break }
            try await decide(page.map { ($0.position, $0.item) })
            position = last.position
        }
        try await adoptPlan(run: run, order: order)
        return run
    }
}

extension PlanItem {
    /// Decided as a create, unless it is decided already.
    fileprivate var created: PlanItem {
        guard action == nil else { return self }
        var item = self
        item.action = .create
        item.start = Transfer(
            targetKey: targetKey, source: source, record: record, method: method, origin: origin,
            sizeBytes: source.sizeBytes, promise: promise)
        item.start?.fallbacks = fallbacks
        return item
    }
}
