// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel

/// Prints the results of `adopt`, one line for each image, as text or JSON Lines.
struct AdoptionRendering {
    let talk: Talk
    /// See ``PipelineOptions/journalOption``.
    let journalOption: String

    func render(_ adoption: Adoption) {
        if talk.format == .json { return putJSON(adoption) }
        // These are copies of other pipelines, of which only the number matters here.
        if adoption.verdict == .left, adoption.sourceKey == nil, !talk.verbose { return }
        talk.endLine()
        let id = adoption.imageID.map { " (image \($0))" } ?? ""
        Terminal.putSentence(
            "\(adoption.verdict.rawValue.padded(to: 7))\(adoption.name) -> \(adoption.targetKey)\(id): "
                + adoption.words)
        for proof in adoption.proofs { Terminal.putSentence("       proved by \(proof)") }
    }

    func render(_ tally: [Adoption.Verdict: Int]) {
        talk.endLine()
        func count(_ verdict: Adoption.Verdict) -> Int { tally[verdict] ?? 0 }
        if talk.format == .json {
            var members: [String: JSONValue?] = [:]
            for verdict in Adoption.Verdict.allCases {
                members[verdict.rawValue] = .integer(Int64(count(verdict)))
            }
            return JSONLine("adoption-summary", members).put()
        }
        Terminal.tell(
            "adopted \(count(.done)) complete and \(count(.work)) unfinished copies; "
                + "\(count(.known)) known already, \(count(.left)) left alone")
        if count(.work) > 0 {
            Terminal.tell(
                "the next `tranship run`\(journalOption) of this pipeline goes on with those")
        }
    }

    private func putJSON(_ adoption: Adoption) {
        JSONLine(
            "adoption",
            [
                "verdict": .string(adoption.verdict.rawValue), "name": .string(adoption.name),
                "source": adoption.sourceKey.map { .string($0) },
                "target": .string(adoption.targetKey),
                "image_id": adoption.imageID.map { .string($0) },
                "reason": .string(adoption.words),
                "reason_code": adoption.reason.map { .string($0.code) },
                "proofs": .array(adoption.proofs.map { .string("\($0)") }),
                "state": adoption.transfer.map { .string($0.state.rawValue) },
            ]
        ).put()
    }
}
