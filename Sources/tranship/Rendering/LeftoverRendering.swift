// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TranshipKit

/// Prints the results of `clean`, one line for each record, as text or JSON Lines.
struct LeftoverRendering {
    let talk: Talk

    func render(_ leftover: Leftover) {
        let image = leftover.image
        put(
            leftover.fate,
            "image \(image.id) \"\(image.name ?? "")\" at \(image.targetKey), \(image.status), "
                + leftover.whose, leftover.reason.words,
            [
                "kind": .string("image"), "image_id": .string(image.id),
                "name": image.name.map { .string($0) }, "target": .string(image.targetKey),
                "status": .string(image.status.rawValue), "whose": .string(leftover.whose),
                "reason_code": .string(leftover.reason.code),
            ])
    }

    /// Prints a file of the spool.
    func render(_ file: PipelineRun.SpoolLeftover) {
        put(
            file.fate, "file \(file.path), \(ByteCount.format(file.diskBytes))",
            file.failure?.message ?? "no image waits for it",
            [
                "kind": .string("spool"), "path": .string(file.path),
                "disk_bytes": .integer(file.diskBytes),
            ])
    }

    private func put(
        _ fate: Leftover.Fate, _ what: String, _ reason: String, _ members: [String: JSONValue?]
    ) {
        if talk.format == .json {
            var members = members
            members["fate"] = .string(fate.rawValue)
            members["reason"] = .string(reason)
            return JSONLine("leftover", members).put()
        }
        talk.endLine()
        Terminal.putSentence("\(fate.rawValue.padded(to: 9))\(what): \(reason)")
    }

    func render(_ tally: [Leftover.Fate: Int], limit: Int, removes: Bool) {
        FateTally(command: "clean", tally: tally, limit: limit, removes: removes)
            .put(talk, orSay: "nothing is left over")
    }
}

/// The last line of a command that removes records, or lists those to remove: the number for each
/// fate.
struct FateTally {
    /// The word of the command and of its line of JSON: `clean`, `rollback`.
    let command: String
    let tally: [Leftover.Fate: Int]
    /// The pipeline's `limits.deletes`.
    let limit: Int
    /// False if the command only listed.
    let removes: Bool

    /// - Parameter nothing: the text to print if the command found nothing.
    func put(_ talk: Talk, orSay nothing: String) {
        talk.endLine()
        func count(_ fate: Leftover.Fate) -> Int { tally[fate] ?? 0 }
        if talk.format == .json {
            var members: [String: JSONValue?] = [:]
            for fate in Leftover.Fate.allCases {
                members[fate.rawValue] = .integer(Int64(count(fate)))
            }
            return JSONLine("\(command)-summary", members).put()
        }
        guard !tally.isEmpty else { return Terminal.tell(nothing) }
        var words = ["\(count(.keep)) to keep"]
        if count(.removed) > 0 { words.insert("\(count(.removed)) removed", at: 0) }
        if count(.gone) > 0 { words.append("\(count(.gone)) gone already") }
        if count(.failed) > 0 { words.append("\(count(.failed)) could not be removed") }
        if count(.remove) > 0 { words.append("\(count(.remove)) to remove") }
        Terminal.tell(words.joined(separator: ", "))
        if let hint { Terminal.tell("hint: \(hint)") }
    }

    /// What to do about the records that are left; nil if none is.
    var hint: String? {
        guard let left = tally[.remove], left > 0 else { return nil }
        guard !removes else { return "limits.deletes is \(limit); run it again for the rest" }
        let some = left > limit ? "\(limit) of them (limits.deletes)" : "them"
        return "`\(CommandWords.own) --yes` removes \(some); nothing was changed"
    }
}
