// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TranshipKit

/// Prints the results of `check`: one line for each image that is not the same or has a note, and
/// the totals.
struct CheckRendering {
    let talk: Talk

    func render(_ checked: CheckedImage) {
        if talk.format == .json {
            return JSONLine(
                "check",
                [
                    "verdict": .string(checked.verdict.rawValue), "name": .string(checked.name),
                    "source": checked.sourceKey.map { .string($0) },
                    "target": .string(checked.targetKey),
                    "image_id": checked.imageID.map { .string($0) },
                    "size": checked.sizeBytes.map { .integer($0) },
                    "differences": .array(checked.differences.map(\.json)),
                    "proofs": .array(checked.proofs.map { .string("\($0)") }),
                    "projects": checked.projectNames.isEmpty
                        ? nil : .object(checked.projectNames.mapValues { .string($0) }),
                    "note": checked.note.map { .string($0) },
                ]
            ).put()
        }
        talk.endLine()
        // Even if the image is the same, its note may name members who do not see it yet.
        guard checked.verdict != .same || checked.note != nil || talk.verbose else { return }
        let image = checked.imageID.map { ", image \($0)" } ?? ""
        let projects = ProjectWords(checked.projectNames)
        let reasons =
            checked.differences.map { $0.words(naming: checked.projectNames) }
            + [checked.note.map { projects.naming(projectsIn: $0) }].compactMap(\.self)
        let why = reasons.isEmpty ? "" : ": \(reasons.joined(separator: "; "))"
        Terminal.putSentence(
            "\(checked.verdict.rawValue.padded(to: 10))\(checked.name) -> \(checked.targetKey)"
                + "\(image)\(why)")
    }

    /// - Parameter absences: the sources that were not compared.
    func render(_ tally: [CheckedImage.Verdict: Int], without absences: [Absence] = []) {
        talk.endLine()
        func count(_ verdict: CheckedImage.Verdict) -> Int { tally[verdict] ?? 0 }
        if talk.format == .json {
            var members: [String: JSONValue?] = [:]
            for verdict in CheckedImage.Verdict.allCases {
                members[verdict.rawValue] = .integer(Int64(count(verdict)))
            }
            members["absent_sources"] = absences.names(.source)
            return JSONLine("check-summary", members).put()
        }
        var words = ["\(count(.same)) the same"]
        if count(.missing) > 0 { words.append("\(count(.missing)) missing") }
        if count(.differs) > 0 { words.append("\(count(.differs)) different") }
        if count(.extra) > 0 { words.append("\(count(.extra)) extra") }
        if count(.unproved) > 0 { words.append("\(count(.unproved)) unproved") }
        words += absences.map { "nothing of \($0.label)" }
        Terminal.tell(words.joined(separator: ", "))
    }
}

extension FieldDifference {
    fileprivate var json: JSONValue {
        .object([
            "field": .string(field.words), "source": wanted.map { .string($0) } ?? .null,
            "target": found.map { .string($0) } ?? .null,
        ])
    }
}
