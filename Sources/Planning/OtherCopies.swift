// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel

/// Copies that are at their targets, but not in the way that operators may expect. Makes one
/// warning for all images to which the same words apply.
struct OtherCopies {
    private struct Found {
        /// The names of all images, without and with their targets.
        var (named, placed) = (FirstNames(), FirstNames())
        var targetKeys: Set<String> = []
        /// The words of the first image.
        var words = ""

        mutating func add(_ name: String, _ targetKey: String) {
            targetKeys.insert(targetKey)
            named.add(name)
            placed.add("\(name) -> \(targetKey)")
        }

        /// Returns the warning, such as `target beta: a, b and 3 more`. With several targets, it is
        /// `a -> beta, b -> gamma and 3 more`.
        func warning(_ code: String) -> Warning {
            let target = targetKeys.count == 1 ? targetKeys.first : nil
            return .noted(
                code: code, targetKey: target, target == nil ? placed : named, words: words)
        }
    }

    /// The number of different texts of one kind that are shown. Further texts are only counted.
    private static let textsMax = 5

    /// Found images, by the note's code and by its words without the parts that differ for each
    /// image.
    private var found: [String: [String: Found]] = [:]
    /// Images that `on_conflict: skip` leaves out, by the target's key.
    private var skipped: [String: Found] = [:]

    mutating func add(_ item: PlanItem) {
        let name = item.record.name ?? item.source.displayName
        if item.action == .skip, case .nameTaken = item.reason {
            skipped[item.targetKey, default: Found()].add(name, item.targetKey)
        }
        for note in item.notes where note.isWarning {
            let shape = note.shape
            let isNew = found[note.code]?[shape] == nil
            if isNew, found[note.code]?.count ?? 0 >= Self.textsMax {
                found[note.code]?["…", default: Found()].add(name, item.targetKey)
                continue
            }
            var one = found[note.code]?[shape] ?? Found()
            if isNew { one.words = note.words(at: item.targetKey, name: item.record.name) }
            if one.named.count == 1 { one.words = shape }
            one.add(name, item.targetKey)
            found[note.code, default: [:]][shape] = one
        }
    }

    /// The warnings about images that are left out, in the order of the targets' names, then the
    /// others in the order of their codes.
    var warnings: [Warning] {
        skipped.sorted { $0.key < $1.key }
            .map { Warning.leftOut(targetKey: $0.key, $0.value.named) } + noted
    }

    private var noted: [Warning] {
        found.sorted { $0.key < $1.key }.flatMap { code, texts in
            texts.sorted { ($0.key == "…" ? 1 : 0, $0.key) < ($1.key == "…" ? 1 : 0, $1.key) }
                .map { shape, found in
                    shape == "…"
                        ? .moreNoted(code: code, count: found.named.count) : found.warning(code)
                }
        }
    }
}

extension Note {
    /// The words without the ids of images, so that equal notes about different images are found.
    fileprivate var shape: String {
        words.replacing(
            /; to rename it.*/, with: "; `tranship plan -v` has the command to rename each"
        )
        .replacing(/\bimage (?<id>[^ ]+) (?<verb>is|was)\b/) { "the image \($0.verb)" }
        .replacing(
            /\b[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\b/, with: "…")
    }
}
