// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel

/// Prints the results of `rollback`, one line for each copy, as text or JSON Lines.
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
                    "shown_again": .array(copy.shownAgain.map { .string($0) }),
                    "replaced_gone": .array(copy.replacedGone.map { .string($0) }),
                    "reason": .string(copy.reason.words), "reason_code": .string(copy.reason.code),
                ]
            ).put()
        }
        talk.endLine()
        let isRemoval = [.remove, .removed].contains(copy.fate)
        let burned =
            copy.burnsKeptID && isRemoval
            ? "; its id is the source's, and no later copy can have it" : ""
        Terminal.putSentence(
            "\(copy.fate.rawValue.padded(to: 9))image \(transfer.imageID ?? "?") "
                + "\"\(transfer.record.shownName ?? "")\" at \(transfer.targetKey): "
                + "\(copy.reason.words)\(burned)\(isRemoval ? Self.replaced(copy) : "")")
    }

    /// Returns words about the images that the copy replaced.
    private static func replaced(_ copy: UndoneCopy) -> String {
        var words = copy.shownAgain.map {
            "; image \($0), which it replaced, "
                + (copy.fate == .removed ? "is visible again" : "becomes visible again")
        }
        words += copy.replacedGone.map {
            "; image \($0), which it replaced, is gone and does not come back"
        }
        return words.joined()
    }

    func render(_ tally: [Leftover.Fate: Int], limit: Int, removes: Bool) {
        FateTally(command: "rollback", tally: tally, limit: limit, removes: removes)
            .put(talk, orSay: "the run made no image")
    }
}
