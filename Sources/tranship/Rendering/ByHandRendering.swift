// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TranshipKit

/// Prints the changes that `series rollback` and `prune` plan, and their results.
struct ByHandRendering {
    let talk: Talk

    func render(_ rollback: PipelineRun.Rollback) {
        for change in rollback.changes { render(change, "plan-change") }
        for target in rollback.missingAt {
            if talk.format == .json {
                JSONLine(
                    "rollback-missing",
                    ["target": .string(target), "version": .string(rollback.version)]
                ).put()
            } else {
                Terminal.putSentence(
                    "leave    \(target): it has no whole copy of version \(rollback.version)")
            }
        }
        if talk.format == .json {
            JSONLine(
                "rollback",
                [
                    "series": .string(rollback.series), "version": .string(rollback.version),
                    "held": .integer(Int64(rollback.heldCount)),
                    "place": rollback.place.map { .string($0) } ?? .null,
                    "name": rollback.imageName.map { .string($0) } ?? .null,
                    "targets": .array(rollback.goesBackAt.map { .string($0) }),
                ]
            ).put()
        } else {
            Terminal.tell(words(rollback))
            if rollback.goesBackAt.isEmpty {
                Terminal.tell("hint: undo by hand what `leave` says of its image, then try again")
            }
        }
    }

    private func words(_ rollback: PipelineRun.Rollback) -> String {
        let source = rollback.place.map { place in
            (rollback.imageName.map { " (\($0))" } ?? "") + " of \(SourceImage.shownPlace(place))"
        }
        let series = rollback.series + (source ?? "")
        guard !rollback.goesBackAt.isEmpty else {
            return "\(series): stays as it is, since no target can go back to version "
                + rollback.version
        }
        let isPart = !rollback.stuckAt.isEmpty || !rollback.missingAt.isEmpty
        let places = isPart ? " at \(rollback.goesBackAt.joined(separator: ", "))" : ""
        return
            "\(series): back to version \(rollback.version)\(places); runs stay with it until the "
            + "source has a newer version"
    }

    func renderPrunable(_ changes: [Change]) {
        for change in changes {
            if talk.format == .json {
                change.json("prune-item").put()
            } else {
                let word = change.state == .planned ? "delete" : "keep"
                Terminal.putSentence(
                    "\(word.padded(to: 8)) \(change.label) at \(change.targetKey): "
                        + change.reason.words)
            }
        }
        let deletes = changes.count { $0.state == .planned }
        if talk.format == .json {
            JSONLine(
                "prune-summary",
                [
                    "delete": .integer(Int64(deletes)),
                    "keep": .integer(Int64(changes.count - deletes)),
                ]
            ).put()
        } else {
            Terminal.tell("\(deletes) to delete, \(changes.count - deletes) to keep")
        }
    }

    /// Prints the command that makes the listed changes.
    func hint(_ changes: [Change], _ command: String) {
        guard talk.format == .text, changes.contains(where: { $0.state == .planned }) else {
            return
        }
        Terminal.tell("hint: `\(command)` does it; nothing was changed")
    }

    func finish(_ summary: RunSummary) {
        if talk.format == .text, let words = summary.changes.tallyWords { Terminal.tell(words) }
    }

    private func render(_ change: Change, _ type: String) {
        talk.format == .json ? change.json(type).put() : Terminal.putSentence(change.plannedLine)
    }
}
