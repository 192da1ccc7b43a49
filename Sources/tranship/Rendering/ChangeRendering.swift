// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel

/// The words for changes of earlier versions of series, in plans, runs and status.
extension Change {
    /// The line of a plan: `hide     Ubuntu 24.04 (9f…) at beta: a newer version replaces it`.
    var plannedLine: String {
        let word = state == .left ? "leave" : action.rawValue
        let names = [.rename, .promote].contains(action) && state == .planned
        let renamed = names ? " to \"\(newName ?? "")\"" : ""
        return "\(word.padded(to: 8)) \(label) at \(targetKey)\(renamed): \(reason.words)"
    }

    /// The line after a run: `Ubuntu 24.04 (9f…) at beta: hidden`.
    var endedLine: String {
        let words =
            switch state {
            case .done: action.pastWord
            case .left: "not \(action.pastWord): \(reason.words)"
            case .failed: "not \(action.pastWord): \(failure?.message ?? "")"
            case .planned: "still to be \(action.pastWord)"
            }
        return "\(label) at \(targetKey): \(words)"
    }

    /// True if the change was planned for a new version, but no data was new.
    fileprivate var isForNothingNew: Bool {
        guard state == .left, action != .delete, case .sameDataAsNew = reason else { return false }
        return true
    }

    /// True if a completed copy is not shown as the current version.
    var isWaiting: Bool {
        guard action.shows, state == .left else { return false }
        return switch reason {
        // If nothing is new, no version is waiting.
        case .currentNotDone, .sameDataAsNew: false
        default: true
        }
    }

    /// The reason that others do not see a completed copy. If an operator chose another version,
    /// nothing is waiting.
    var waitingLine: String {
        waitsForOperator
            ? "a new version waits: \(endedLine)"
            : "the source's version is not the one that others see: \(endedLine)"
    }

    /// The step that an operator has to take before the version can become the current one; nil if
    /// none is needed.
    var stepForOperator: String? {
        guard waitsForOperator else { return nil }
        let name = newName ?? record.shownName ?? label
        if case .nameHeldByUnknown(let id) = reason {
            return
                "\(name) at \(targetKey): image \(id) keeps the name, and this journal does not know "
                + "it: another journal made it, or this one was lost. Give image \(id) another name"
        }
        guard case .nameHeld(let id, let edited) = reason else {
            return
                "\(name) at \(targetKey): image \(image.id) does not get the name: \(reason.words); "
                + "undo that"
        }
        let why = edited.map { ", since someone has changed its \($0)" } ?? ""
        return
            "\(name) at \(targetKey): image \(id) keeps the name\(why); undo that, or give image "
            + "\(id) another name"
    }

    func json(_ type: String) -> JSONLine {
        JSONLine(
            type,
            [
                "action": .string(action.rawValue), "state": .string(state.rawValue),
                "name": image.name.map { .string($0) }, "image": .string(image.id),
                "target": .string(targetKey), "new_name": newName.map { .string($0) },
                "lineage": .string(lineageID), "version": .string(versionID),
                "current_version": .string(currentVersionID),
                "reason": .string(reason.words), "reason_code": .string(reason.code),
                "code": failure.map { .string($0.code.rawValue) },
                "message": failure.map { .string($0.message) },
                "hint": failure?.hint.map { .string($0) },
            ])
    }
}

extension Change.Action {
    var pastWord: String {
        switch self {
        case .restore: "restored"
        case .promote: "named as current"
        case .rename: "renamed"
        case .hide: "hidden"
        case .deactivate: "deactivated"
        case .delete: "deleted"
        }
    }
}

extension [Change] {
    /// The words `earlier versions: 2 hidden, 1 deleted, 1 left`; nil if there are none.
    var tallyWords: String? {
        var parts = Change.Action.allCases.compactMap { action -> String? in
            let count = count { $0.action == action && $0.state == .done }
            return count == 0 ? nil : "\(count) \(action.pastWord)"
        }
        for (state, word) in [
            (Change.State.failed, "failed"), (.planned, "still to be changed"),
            (.left, "left as they are"),
        ] {
            let count = count { $0.state == state && !$0.isForNothingNew }
            if count > 0 { parts.append("\(count) \(word)") }
        }
        return parts.isEmpty ? nil : "earlier versions: " + parts.joined(separator: ", ")
    }
}
