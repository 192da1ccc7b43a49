// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import MigrationModel

extension SavedPlan {
    /// The maximum number of differences that an error lists, unless there are more kinds of them.
    private static let differencesMax = 10

    private struct Difference {
        /// The kind of difference. For each kind, one example is enough to see.
        var kind: String
        var words: String
    }

    /// The fields of an entry that only a plan which makes or changes the copy has.
    static let doneOnce: Set<String> = ["shared with", "changes", "replaces"]

    /// Returns every difference, one line for each.
    public func differenceLines(from now: SavedPlan) -> [String] {
        differences(from: now).map(\.words)
    }

    /// Checks that another plan is the same.
    ///
    /// - Parameter rest: called with each difference that the error leaves out; nil if nothing
    ///   lists them.
    /// - Throws: ``TranshipError/Code/planDrifted`` with the first differences, and at least one of
    ///   each kind.
    public func check(
        against now: SavedPlan, rest: ((String) -> Void)? = nil
    ) throws(TranshipError) {
        guard pipeline == now.pipeline else {
            throw TranshipError(
                .usage, "the saved plan is of pipeline \(pipeline), not of \(now.pipeline)",
                hint: "name the file of \(pipeline) in `tranship run FILE --plan PLAN`, or save a "
                    + "plan of \(now.pipeline) with `tranship plan FILE --save PLAN`")
        }
        let differences = differences(from: now)
        guard !differences.isEmpty else { return }
        let named = Self.chosen(differences)
        var lines = named.sorted().map { differences[$0].words }
        if lines.count < differences.count {
            let place = rest == nil ? "which -v lists" : "which the warnings list"
            lines.append("and \(differences.count - lines.count) more, \(place)")
        }
        if let rest {
            for index in differences.indices where !named.contains(index) {
                rest(differences[index].words)
            }
        }
        throw TranshipError(
            .planDrifted,
            "the saved plan is not what this run would do:\n  " + lines.joined(separator: "\n  "),
            hint: "look at the new plan, save it, and run that")
    }

    /// Returns the indexes of the first difference of each kind, and of further ones up to the
    /// maximum.
    private static func chosen(_ all: [Difference]) -> Set<Int> {
        var kinds: Set<String> = []
        var chosen = Set(all.indices.filter { kinds.insert(all[$0].kind).inserted })
        for index in all.indices where chosen.count < differencesMax { chosen.insert(index) }
        return chosen
    }

    private func differences(from now: SavedPlan) -> [Difference] {
        var found = Self.differences(settings, now.settings).map {
            Difference(kind: "pipeline file", words: "pipeline file: \($0)")
        }
        found += tableDifferences(from: now)
        found += Self.differences(changes ?? [:], now.changes ?? [:]).map {
            Difference(kind: "earlier versions", words: $0)
        }
        found += (absent ?? []).filter { now.absent?.contains($0) != true }.map {
            Difference(kind: "absent", words: "\($0): did not answer -> answers")
        }
        let before = Dictionary(entries.map { ($0.place, $0) }) { first, _ in first }
        let after = Dictionary(now.entries.map { ($0.place, $0) }) { first, _ in first }
        for place in Set(before.keys).union(after.keys).sorted() {
            if let difference = Self.difference(at: place, before[place], after[place]) {
                found.append(difference)
            }
        }
        return found
    }

    /// The maximum number of lines of a table that a message lists.
    private static let linesMax = 10

    /// Returns the differences of the tables, one difference for a whole table, since it concerns
    /// all images.
    private func tableDifferences(from now: SavedPlan) -> [Difference] {
        func joined(_ what: String, _ lines: [String]) -> Difference {
            let more = lines.count - Self.linesMax
            return Difference(
                kind: what,
                words: "\(what): " + lines.prefix(Self.linesMax).joined(separator: ", ")
                    + (more > 0 ? " and \(more) more" : ""))
        }
        let lines = Self.differences(projects ?? [:], now.projects ?? [:])
        // Do not list different ids as well: they follow from the lines.
        if !lines.isEmpty { return [joined("projects", lines)] }
        return (members ?? [:]).sorted { $0.key < $1.key }.compactMap { target, table in
            let lines = now.members?[target].map { Self.differences(table, $0) } ?? []
            return lines.isEmpty ? nil : joined("members at \(target)", lines)
        }
    }

    private static func difference(
        at place: String, _ old: Entry?, _ new: Entry?
    ) -> Difference? {
        let shown = (new ?? old)?.shownPlace ?? place
        switch (old, new) {
        case (let old?, nil):
            return Difference(
                kind: "gone", words: "\(shown): \(old.action.rawValue) -> not planned")
        case (nil, let new?):
            return Difference(
                kind: "new \(new.action.rawValue)",
                words: "\(shown): not planned -> \(new.action.rawValue)")
        case (let old?, let new?):
            let (old, new) = (old.allFields, new.fields(asFollowUpOf: old))
            let words = differences(old, new)
            if words.isEmpty { return nil }
            let keys = Set(old.keys).union(new.keys).filter { old[$0] != new[$0] }.sorted()
            return Difference(
                kind: keys.joined(separator: " "),
                words: "\(shown): \(words.joined(separator: ", "))")
        case (nil, nil): return nil
        }
    }

    private static let valueCharactersMax = 80

    /// Returns the keys whose values differ, each with both values.
    static func differences(_ old: [String: String], _ new: [String: String]) -> [String] {
        func shown(_ value: String?, _ cut: String) -> String {
            value == nil ? "none" : cut.isEmpty ? "\"\"" : cut
        }
        return Set(old.keys).union(new.keys).sorted().compactMap { key in
            guard old[key] != new[key] else { return nil }
            let cut = CutDifference(
                (old[key] ?? "").withControlsShown, (new[key] ?? "").withControlsShown,
                to: valueCharactersMax)
            return
                "\(key.withControlsShown): \(shown(old[key], cut.old)) -> \(shown(new[key], cut.new))"
        }
    }
}

extension SavedPlan.Entry {
    var place: String { "\(source) -> \(target)" }

    /// The place with the name that the copy gets.
    var shownPlace: String {
        guard let name = fields["name"], !name.isEmpty else { return place }
        return "\(source) (\(name.withControlsShown)) -> \(target)"
    }

    var allFields: [String: String] {
        fields.merging(["action": action.rawValue, "data": version]) { $1 }
    }

    /// Returns the fields for comparing with a saved plan. A run that goes on with the saved plan
    /// may find that an earlier run has done or begun this entry. Then the present plan lacks the
    /// fields of ``SavedPlan/doneOnce``, so they are taken from the saved plan.
    func fields(asFollowUpOf saved: Self) -> [String: String] {
        guard isDone || isBegun, saved.action == .create || saved.action == .update else {
            return allFields
        }
        let once = saved.fields.filter { SavedPlan.doneOnce.contains($0.key) }
        return once.merging(allFields) { $1 }
            .merging(["action": saved.action.rawValue]) { $1 }
    }
}
