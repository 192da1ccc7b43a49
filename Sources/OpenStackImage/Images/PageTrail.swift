// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport

/// The latest records of a list's pages, so that the list can go on if one of them is deleted.
///
/// A page starts after the record that its marker names. If that record is deleted before the next
/// page is requested, the service refuses the marker (400, some versions 404). The list then goes
/// on after an earlier record, and leaves out records that come a second time.
struct PageTrail: Sendable {
    /// The maximum number of ids in memory. A list fails if this many records in a row are deleted.
    static let idsMax = 5000
    /// The maximum number of detours, for a service that refuses its own markers again and again.
    static let detoursMax = 200

    /// The latest records, in the order of the list.
    private var ids: [String] = []
    private var known: Set<String> = []
    /// The number of latest records that were deleted, or that a detour skipped.
    private var passed = 0
    private var detours = 0
    /// True if all records of the list so far are in ``ids``.
    private var isWhole = true
    /// True after the first page was requested again.
    private var isAtStart = false

    /// Notes a page. Returns its records, except those that an earlier page had.
    mutating func note<Record: ServiceRecord>(_ records: [Record]) -> [Record] {
        (passed, isAtStart) = (0, false)
        let new = records.filter { known.insert($0.idText).inserted }
        ids += new.map(\.idText)
        if ids.count > 2 * Self.idsMax {
            known.subtract(ids.prefix(ids.count - Self.idsMax))
            ids.removeFirst(ids.count - Self.idsMax)
            isWhole = false
        }
        return new
    }

    /// Returns the request to send instead of one whose marker the service refused. Nil if the
    /// refusal has another cause, or if no earlier record is left.
    mutating func detour(around request: ServiceRequest, after error: TranshipError)
        -> ServiceRequest?
    {
        guard [400, 404].contains(error.answer?.status), !ids.isEmpty, !isAtStart,
            detours < Self.detoursMax
        else { return nil }
        detours += 1
        // The distance doubles: after a mass deletion, thousands in a row may be gone.
        passed = 2 * passed + 1
        var marker: String?
        if passed < ids.count {
            marker = ids[ids.count - 1 - passed]
        } else if isWhole {
            isAtStart = true
        } else {
            return nil
        }
        return request.startingAfter(marker)
    }
}

extension ServiceRequest {
    /// Returns the same request with another marker; the marker nil means the first page. Returns
    /// nil if the request has no marker.
    func startingAfter(_ marker: String?) -> ServiceRequest? {
        let parts = (rawQuery ?? encodedQuery).split(separator: "&").map(String.init)
        guard parts.contains(where: { $0.hasPrefix("marker=") }) else { return nil }
        let changed = parts.compactMap { part in
            guard part.hasPrefix("marker=") else { return part }
            return marker.map { "marker=\(percentEncode($0))" }
        }
        return ServiceRequest(method, path, rawQuery: changed.joined(separator: "&"))
    }
}
