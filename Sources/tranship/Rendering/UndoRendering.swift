// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel

/// Prints what `rollback` found and did, one line for each copy, as text or JSON Lines.
struct UndoRendering {
    let talk: Talk

    func render(_ copy: UndoneCopy) {
        let transfer = copy.transfer
        if talk.format == .json {
            return JSONLine(
                "rollback",
                [
                    "fate": .string(copy.fate.rawValue),
                    "name": .string(transfer.source.displayName),
                    "source": .string(transfer.source.key), "target": .string(transfer.targetKey),
                    "image_id": transfer.imageID.map { .string($0) },
                    "size": transfer.sizeBytes.map { .integer($0) },
                    "burns_kept_id": .bool(copy.burnsKeptID),
                    "reason": .string(copy.reason.words), "reason_code": .string(copy.reason.code),
                ]
            ).put()
        }
        talk.endLine()
        let burned =
            copy.burnsKeptID && [.remove, .removed].contains(copy.fate)
            ? "; its id is the source's, and no later copy can have it" : ""
        Terminal.put(
            "\(copy.fate.rawValue.padded(to: 9))image \(transfer.imageID ?? "?") "
                + "\"\(transfer.record.shownName ?? "")\" at \(transfer.targetKey): "
                + "\(copy.reason.words)\(burned)")
    }

    func render(_ tally: [Leftover.Fate: Int], limit: Int, removes: Bool) {
        talk.endLine()
        func count(_ fate: Leftover.Fate) -> Int { tally[fate] ?? 0 }
        if talk.format == .json {
            var members: [String: JSONValue?] = [:]
            for fate in Leftover.Fate.allCases {
                members[fate.rawValue] = .integer(Int64(count(fate)))
            }
            return JSONLine("rollback-summary", members).put()
        }
        guard !tally.isEmpty else { return Terminal.tell("the run made no image") }
        var words = ["\(count(.keep)) to keep"]
        if count(.removed) > 0 { words.insert("\(count(.removed)) removed", at: 0) }
        if count(.failed) > 0 { words.append("\(count(.failed)) could not be removed") }
        if count(.remove) > 0 { words.append("\(count(.remove)) to remove") }
        Terminal.tell(words.joined(separator: ", "))
        guard count(.remove) > 0 else { return }
        Terminal.tell(
            removes
                ? "hint: limits.deletes is \(limit); run it again for the rest"
                : "hint: `tranship rollback --yes` removes them; nothing was changed")
    }
}
