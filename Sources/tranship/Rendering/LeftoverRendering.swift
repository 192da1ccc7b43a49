// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import MigrationPipeline
import Planning

/// Prints what `clean` found and did, one line for each record, as text or JSON Lines.
struct LeftoverRendering {
    let format: OutputFormat
    let talk: Talk

    func render(_ leftover: Leftover) {
        if format == .json { return putJSON(leftover) }
        talk.endLine()
        let image = leftover.image
        Terminal.put(
            "\(leftover.fate.rawValue.padded(to: 9))image \(image.id) \"\(image.name ?? "")\" at "
                .withControlsShown
                + "\(image.targetKey), \(image.status), \(leftover.whose): \(leftover.reason.words)"
                .withControlsShown)
    }

    /// Prints a file of the spool.
    func render(_ orphan: Spool.Orphan, _ fate: Leftover.Fate, _ failure: TranshipError?) {
        let reason = failure?.message ?? "no image waits for it"
        if format == .json {
            return JSONLine(
                "leftover",
                [
                    "fate": .string(fate.rawValue), "kind": .string("spool"),
                    "path": .string(orphan.path), "disk_bytes": .integer(orphan.diskBytes),
                    "reason": .string(reason),
                ]
            ).put()
        }
        talk.endLine()
        Terminal.put(
            "\(fate.rawValue.padded(to: 9))file \(orphan.path), \(ByteCount.format(orphan.diskBytes)): "
                .withControlsShown + reason.withControlsShown)
    }

    func render(_ tally: [Leftover.Fate: Int], limit: Int, removes: Bool) {
        talk.endLine()
        func count(_ fate: Leftover.Fate) -> Int { tally[fate] ?? 0 }
        if format == .json {
            var members: [String: JSONValue?] = [:]
            for fate in Leftover.Fate.allCases {
                members[fate.rawValue] = .integer(Int64(count(fate)))
            }
            return JSONLine("clean-summary", members).put()
        }
        guard !tally.isEmpty else { return Terminal.tell("nothing is left over") }
        var words = ["\(count(.keep)) to keep"]
        if count(.removed) > 0 { words.insert("\(count(.removed)) removed", at: 0) }
        if count(.failed) > 0 { words.append("\(count(.failed)) could not be removed") }
        if count(.remove) > 0 { words.append("\(count(.remove)) to remove") }
        Terminal.tell(words.joined(separator: ", "))
        guard count(.remove) > 0 else { return }
        Terminal.tell(
            removes
                ? "hint: limits.deletes is \(limit); run it again for the rest"
                : "hint: `tranship clean --yes` removes them; nothing was changed")
    }

    private func putJSON(_ leftover: Leftover) {
        JSONLine(
            "leftover",
            [
                "fate": .string(leftover.fate.rawValue), "kind": .string("image"),
                "image_id": .string(leftover.image.id),
                "name": leftover.image.name.map { .string($0) },
                "target": .string(leftover.image.targetKey),
                "status": .string(leftover.image.status.rawValue), "whose": .string(leftover.whose),
                "reason": .string(leftover.reason.words),
                "reason_code": .string(leftover.reason.code),
            ]
        ).put()
    }
}
