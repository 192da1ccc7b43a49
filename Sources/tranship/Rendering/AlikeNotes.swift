// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// The notes about single images, with one line for each kind of note.
struct AlikeNotes {
    private struct Found {
        /// The first images with this note.
        var labels: [String]
        /// All images with this note; one image may have it several times.
        var all: Set<String>
        var text: String
        var count = 1
        var isSame = true
    }

    private static let namesMax = 8
    /// The maximum number of kinds with a line; further notes are only counted.
    private static let kindsMax = 20

    private var order: [String] = []
    private var found: [String: Found] = [:]
    private var left = 0

    /// - Parameter kind: a code. If nil, texts that differ only in numbers and ids are of one kind.
    mutating func add(_ label: String, _ text: String, kind: String? = nil) {
        let key = kind ?? text.withoutIDs.replacing(/[0-9]+/, with: "…")
        guard var known = found[key] else {
            guard order.count < Self.kindsMax else {
                left += 1
                return
            }
            order.append(key)
            found[key] = Found(labels: [label], all: [label], text: text)
            return
        }
        known.count += 1
        known.isSame = known.isSame && known.text == text
        let isNew = known.all.insert(label).inserted
        if isNew, known.labels.count < Self.namesMax { known.labels.append(label) }
        found[key] = known
    }

    /// The lines, in the order of their first images.
    var lines: [String] {
        order.compactMap { found[$0] }.map { one in
            guard one.count > 1 else { return "\(one.labels[0]): \(one.text)" }
            let names = EndReport.list(one.labels, count: one.all.count, toColumns: 60)
            return "\(one.count) times: \(names): \(one.text)"
                + (one.isSame ? "" : " (and the like; `tranship status -v` has each)")
        } + (left > 0 ? ["\(left) other notes, which `tranship status -v` has"] : [])
    }
}
