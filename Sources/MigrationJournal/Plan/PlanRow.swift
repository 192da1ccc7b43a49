// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import MigrationModel

/// The form of an item in the plan's file. It is not compressed, because the file is gone before
/// its size matters. Of a transfer that starts from nothing, it has only the way of its data: the
/// item says all else.
struct PlanRow: Codable {
    private struct Way: Codable {
        var spools: Bool
        var reason: PlanReason?
    }

    private var item: PlanItem
    private var fresh: Way?

    private init(_ item: PlanItem) {
        self.item = item
        guard let start = item.start else { return }
        let way = Way(spools: start.intent.spools, reason: start.intent.wayReason)
        guard start == Self.fresh(item, way) else { return }
        fresh = way
        self.item.start = nil
    }

    private static func fresh(_ item: PlanItem, _ way: Way) -> Transfer {
        var intent = item.intent
        intent.spools = way.spools
        intent.wayReason = way.reason
        return .fresh(intent, promised: item.promise)
    }

    static func body(of item: PlanItem) throws -> Data { try Body.json(PlanRow(item)) }

    static func item(_ body: Data) throws -> PlanItem {
        let row = try Body.unpack(PlanRow.self, body)
        var item = row.item
        if let way = row.fresh { item.start = fresh(item, way) }
        return item
    }
}
