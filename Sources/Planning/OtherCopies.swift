// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel

/// Copies that are at their targets, but not as people may think: for warnings, one for each kind
/// and target.
struct OtherCopies {
    private struct Found {
        var count = 0
        var first: [String] = []
    }

    private static let namesMax = 3

    private var found: [String: [String: Found]] = [:]
    /// Images that `on_conflict: skip` leaves out, by target.
    private var skipped: [String: Found] = [:]

    mutating func add(_ item: PlanItem) {
        if item.action == .skip, case .nameTaken = item.reason {
            skipped[item.targetKey, default: Found()].count += 1
            if skipped[item.targetKey]?.count ?? 0 <= Self.namesMax {
                skipped[item.targetKey]?.first.append(
                    item.record.name ?? item.source.displayName)
            }
        }
        for note in item.notes where note.isWarning {
            let name = item.record.name ?? item.source.displayName
            var one = found[item.targetKey]?[note.code] ?? Found()
            one.count += 1
            if one.first.count < Self.namesMax { one.first.append("\(name): \(note)") }
            found[item.targetKey, default: [:]][note.code] = one
        }
    }

    /// In the order of the targets' names.
    var words: [String] {
        skipped.sorted { $0.key < $1.key }.map { target, found in
            let names =
                found.first.joined(separator: ", ") + (found.count > found.first.count ? ", …" : "")
            return "target \(target): on_conflict: skip leaves out "
                + "\(counted(found.count, "image")), since a different image there has the same "
                + "name: \(names)"
        } + noted
    }

    private var noted: [String] {
        found.sorted { $0.key < $1.key }.flatMap { target, kinds in
            kinds.sorted { $0.key < $1.key }.flatMap { _, found in
                let more = found.count - found.first.count
                return found.first.map { "target \(target): \($0)" }
                    + (more > 0
                        ? [
                            "target \(target): and \(more) more of these; `tranship plan -v` lists them"
                        ] : [])
            }
        }
    }
}
