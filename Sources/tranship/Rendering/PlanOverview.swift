// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TranshipKit

/// A plan on one screen: first the groups that need attention, then the first few of all other
/// images. Its length depends on the number of different problems, not of images.
struct PlanOverview {
    /// Images about which the plan says the same.
    struct Group: Equatable {
        var count = 0
        var sizeBytes: Int64 = 0
        /// The first few, for people.
        var names: [String] = []
        /// The plan's words for all of them. Ids that differ are cut out.
        var words = ""
        var hint: String?
        /// The number of earlier groups of the same kind.
        var rank = 0

        mutating func add(_ name: String, _ size: Int64?) {
            count += 1
            sizeBytes = sizeBytes.clampedSum(size ?? 0)
            if names.count < PlanOverview.namesMax { names.append(name) }
        }
    }

    /// Groups with the same words in the plan, in the order of their first images.
    struct Groups: Equatable {
        private var order: [String] = []
        private var found: [String: Group] = [:]
        private var kinds: [String: Int] = [:]

        /// The groups. The first groups of all kinds come before the second ones, so that a kind
        /// with many different texts does not hide others.
        var all: [Group] {
            let groups = order.compactMap { found[$0] }
            let ranks = Set(groups.map(\.rank)).sorted()
            return ranks.flatMap { rank in groups.filter { $0.rank == rank } }
        }
        var count: Int { all.reduce(0) { $0 + $1.count } }

        /// - Parameters:
        ///   - kind: a code.
        ///   - alike: the words without the parts that identify this image; nil to cut out only
        ///     ids.
        mutating func add(
            _ kind: String, _ name: String, _ size: Int64?, words: String, alike: String? = nil,
            hint: String? = nil
        ) {
            let shape = alike ?? words.withoutIDs
            var key = "\(kind) \(hint ?? "") \(shape)"
            if found[key] == nil {
                // Groups beyond the maximum are counted in the last group.
                let isBeyond = order.count >= PlanOverview.groupsMax
                if isBeyond { key = "…" }
                if found[key] == nil {
                    order.append(key)
                    found[key] = Group(
                        words: isBeyond ? "other reasons, which -v lists" : words,
                        hint: isBeyond ? nil : hint, rank: kinds[kind, default: 0])
                    kinds[kind, default: 0] += 1
                }
            }
            if key != "…", found[key]?.words != words { found[key]?.words = shape }
            found[key]?.add(name, size)
        }
    }

    private static let namesMax = 8
    private static let groupsMax = 100
    /// The maximum number of groups, and of images, that are shown of each kind.
    private static let shownMax = 5

    private var refused = Groups()
    private var conflicts = Groups()
    private var notes = Groups()
    private var created = Group()
    private var createdRows: [[String]] = []
    private var methods: [String] = []
    /// The estimated times of the methods, if they decide.
    private var estimates: [String] = []
    private var versions = Group()
    private var versionRows: [[String]] = []
    private var updated = Groups()
    private var skipped = Groups()
    var unselected = UnselectedImages()
    /// The names of projects, for refused images and for notes.
    var projects = ProjectWords()
    /// False if names do not contain the target.
    private let namesTargets: Bool

    init(namesTargets: Bool) { self.namesTargets = namesTargets }

    /// - Parameter route: the projects at the source and at the target, if the plan has several.
    mutating func add(_ item: PlanItem, projects route: String? = nil) {
        let renamed = item.record.name.flatMap { $0 == item.source.name ? nil : " as \($0)" }
        let name =
            item.source.displayName + (renamed ?? "").cut(to: 255)
            + (namesTargets ? " -> \(item.targetKey)" : "")
            + (route.map { " (project \($0))" } ?? "")
        let size = item.source.sizeAtSourceBytes
        let words = item.reason?.words ?? ""
        for note in item.notes where !note.isWarning {
            notes.add(
                note.code, name, size, words: projects.naming(projectsIn: note.words),
                alike: note.words.withoutIDs)
        }
        switch item.action {
        case .refuse, nil:
            let failure = item.refusal
            let message = projects.naming(projectsIn: failure?.message ?? words)
            refused.add(
                failure?.code.rawValue ?? "", name, size, words: message,
                alike: alike(message, item).withoutIDs, hint: failure?.hint)
        case .conflict:
            conflicts.add(
                item.reason?.code ?? "", name, size, words: projects.naming(projectsIn: words))
        case .update: updated.add(item.reason?.code ?? "", name, size, words: words)
        case .skip: skipped.add(item.reason?.code ?? "", name, size, words: words)
        case .create: addCreated(item, name, size)
        }
    }

    /// Returns the message without the parts that identify this image, so that similar messages are
    /// equal.
    private func alike(_ message: String, _ item: PlanItem) -> String {
        // A message may contain control characters in their visible form.
        [item.source.displayName, item.source.location].filter { $0.count > 1 }
            .flatMap { [$0, $0.withControlsShown] }
            .reduce(message) { $0.replacing($1, with: "…") }
    }

    private mutating func addCreated(_ item: PlanItem, _ name: String, _ size: Int64?) {
        if !methods.contains(item.method.rawValue) { methods.append(item.method.rawValue) }
        if let reason = item.methodReason, !reason.estimates.isEmpty,
            estimates.count < Self.shownMax, !estimates.contains(reason.words)
        {
            estimates.append(reason.words)
        }
        let published = item.source.published?.words
        let facts =
            [item.record.diskFormat ?? "no format", item.source.version.map { "version \($0)" }]
            + [published]
        let row = [
            name, size.map { ByteCount.short($0) } ?? "size unknown",
            facts.compactMap(\.self).joined(separator: ", "),
        ]
        if case .earlierVersionStays = item.reason {
            versions.add(name, size)
            if versionRows.count < Self.shownMax {
                versionRows.append([row[0], row[1], item.reason?.words ?? ""])
            }
        } else {
            created.add(name, size)
            if createdRows.count < Self.shownMax { createdRows.append(row) }
        }
    }

    // MARK: Lines

    /// Returns the lines that need attention: refused images and conflicts.
    func problemLines(columns: Int) -> [String] {
        lines("!", "refused", refused, columns) + lines("!", "in conflict", conflicts, columns)
    }

    /// Returns one line about the images that match a name but are left out because of their
    /// status.
    func statusLines(columns: Int) -> [String] {
        guard let first = unselected.byStatus.first else { return [] }
        let count = unselected.countByStatus
        let words =
            count == 1
            ? "\(first.name) of \(first.cloud): \(first.words)"
            : EndReport.list(
                unselected.byStatus.prefix(8).map(\.name), count: count,
                toColumns: min(60, columns - 30)) + ", by their status; -v lists them"
        return "- \(count) not selected: \(words)".wrapped(toColumns: columns - 1, indent: 4)
    }

    /// - Parameters:
    ///   - headline: the pipeline, its sources and its targets.
    ///   - changes: the changes of earlier versions, one line each.
    func lines(headline: String, changes: [String], columns: Int) -> [String] {
        let usable = columns - 1
        var lines =
            headline.wrapped(toColumns: usable, indent: 4) + problemLines(columns: columns)
        if created.count > 0 {
            let head = "+ \(created.count) to create, \(ByteCount.short(created.sizeBytes)), by "
            lines += (head + methods.joined(separator: ", "))
                .wrapped(toColumns: usable, indent: 4)
            lines += estimates.flatMap { "    \($0)".wrapped(toColumns: usable, indent: 6) }
            lines += rows(createdRows, of: created.count, usable)
        }
        if versions.count > 0 {
            lines.append(
                "> \(counted(versions.count, "new version")), "
                    + ByteCount.short(versions.sizeBytes))
            lines += rows(versionRows, of: versions.count, usable)
        }
        lines += self.lines("~", "to update", updated, columns)
        if !changes.isEmpty {
            lines.append("^ \(counted(changes.count, "earlier version"))")
            lines += changes.prefix(Self.shownMax).flatMap {
                "    \($0)".wrapped(toColumns: usable, indent: 6)
            }
            lines += more(changes.count - Self.shownMax)
        }
        if skipped.count > 0 {
            let bytes = skipped.all.reduce(Int64(0)) { $0.clampedSum($1.sizeBytes) }
            lines.append(
                "= \(skipped.count) already there, \(ByteCount.short(bytes)); -v lists them")
        }
        if unselected.count > 0 {
            lines += "- \(unselected.words); -v lists them".wrapped(toColumns: usable, indent: 4)
        }
        return lines + self.lines("i", notes.count == 1 ? "note" : "notes", notes, columns)
    }

    private func lines(
        _ sign: String, _ what: String, _ groups: Groups, _ columns: Int
    ) -> [String] {
        guard groups.count > 0 else { return [] }
        let usable = columns - 1
        var lines = ["\(sign) \(groups.count) \(what)"]
        for group in groups.all.prefix(Self.shownMax) {
            let names = EndReport.list(
                group.names, count: group.count, toColumns: min(60, usable - 6))
            lines += "    \(names): \(CommandWords.message(group.words))"
                .wrapped(toColumns: usable, indent: 6)
            if let hint = group.hint {
                lines += "      hint: \(CommandWords.hint(hint))".wrapped(
                    toColumns: usable, indent: 8)
            }
        }
        return lines
            + more(
                groups.all.dropFirst(Self.shownMax).reduce(0) { $0 + $1.count })
    }

    private func rows(_ rows: [[String]], of count: Int, _ usable: Int) -> [String] {
        let shown = rows.map { $0.map(\.withControlsShown) }
        let sizes = shown.map(\.[1].columnCount).max() ?? 0
        let others = 4 + 2 + sizes + 2 + min(24, shown.map(\.[2].columnCount).max() ?? 0)
        let name = min(shown.map(\.[0].columnCount).max() ?? 0, max(12, usable - others))
        let third = 4 + name + 2 + sizes + 2
        return shown.map { row in
            "    " + row[0].filled(toColumns: name) + "  "
                + row[1].filled(toColumns: sizes, fromRight: true) + "  " + row[2]
        }.flatMap { $0.wrapped(toColumns: usable, indent: usable - third < 24 ? 6 : third) }
            + more(count - rows.count)
    }

    private func more(_ count: Int) -> [String] {
        count > 0 ? ["    … and \(count) more, which -v lists"] : []
    }
}

extension String {
    /// The text with … for each id of an image or project, and without line numbers of the pipeline
    /// file.
    var withoutIDs: String {
        replacing(/\b[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\b/, with: "…")
            .replacing(/(?<file>[^\s:]+):\d+:\d+:[ ]/) { "\($0.file): " }
    }
}

extension UnselectedImages {
    /// The words `3 not selected: 2 by status, 1 by snapshots`, where the reasons are keys of the
    /// pipeline file.
    var words: String {
        let reasons = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        return "\(count) not selected: "
            + reasons.map { "\($0.value) by `\($0.key)`" }.joined(separator: ", ")
    }
}
