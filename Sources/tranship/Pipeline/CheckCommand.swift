// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import MigrationModel
import TranshipKit

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Compare the sources with the targets; change nothing.",
        discussion: """
              $ tranship check leave-alpha.yaml
              $ tranship check leave-alpha.yaml --download --format json > check.jsonl

            Each image is the same, is missing, differs (and in which fields), is extra
            (a copy of ours without an image at the source) or is unproved (no checksum is
            known on both sides). A run may work on the journal meanwhile. The exit code
            is 0 if all images are the same, else 4.
            """)

    @OptionGroup var pipeline: PipelineArgument
    @OptionGroup var common: RowOptions

    @Flag(
        help:
            "Also read all data of every copy, and compare its digest with the source's checksum.")
    var download = false

    private static let columns: [RecordList.Column] = [
        ("Verdict", "verdict"), ("Name", "name"), ("Target", "target"), ("Image", "image_id"),
        ("Differences", "differences"), ("Note", "note"),
    ]
    private static let more: [RecordList.Column] = [
        ("Source", "source"), ("Size", "size"), ("Proofs", "proofs"),
    ]

    func run() async throws {
        let talk = Talk(format: common.format, verbose: common.verbose)
        let rendering = CheckRendering(talk: talk)
        try await common.output.withRows(of: ["check"], Self.columns, more: Self.more) {
            let session = try await pipeline.open(common, talk)
            let (tally, missed, absences) = try await session.check(downloads: download) {
                checked throws(TranshipError) in
                rendering.render(checked)
            }
            rendering.render(tally, without: absences)
            // A difference is certain. About an absent source, nothing is known.
            if tally.keys.contains(where: { $0 != .same }) {
                throw EarlyExit(status: .differences)
            }
            talk.tellHints(of: absences)
            if let status = absences.exitStatus { throw EarlyExit(status: status) }
            // As in a run: a name that no image has is a mistake unless the pipeline says
            // otherwise.
            if !missed.isEmpty { throw EarlyExit(status: .someFailed) }
        }
    }
}
