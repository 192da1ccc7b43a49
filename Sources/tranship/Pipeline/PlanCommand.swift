// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import MigrationModel
import TranshipKit

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what a run would do and why; change nothing.",
        discussion: """
              $ tranship plan pipelines/cloud-to-cloud.yaml
              $ tranship plan nightly.yaml --save plan.json
              $ tranship run nightly.yaml --plan plan.json
            """)

    @OptionGroup var pipeline: PipelineArgument
    @OptionGroup var common: RowOptions

    @Option(
        help: .value(
            "file", "Also write the plan to a file, for `run --plan`, and a text to read beside it."
        ), completion: .file())
    var save: String?

    static let columns: [RecordList.Column] = [
        ("Action", "action"), ("Name", "name"), ("Target", "target"), ("Size", "size"),
        ("Method", "method"), ("Reason", "reason"),
    ]
    static let more: [RecordList.Column] = [
        ("Source", "source"), ("Target Name", "target_name"), ("Code", "code"), ("Hint", "hint"),
        ("Version", "version"), ("Promise", "promise"),
    ]

    func run() async throws {
        let talk = Talk(format: common.format, verbose: common.verbose)
        try await common.output.withRows(of: ["plan-item"], Self.columns, more: Self.more) {
            let run = try await pipeline.open(common, talk)
            let plan = try await run.plan()
            talk.endLine()
            try await PlanRendering(talk: talk, tallyOnly: false, listsUnselected: true).render(
                plan, headline: "\(run.pipelineName): \(run.route)   (a plan changes nothing)")
            for shortfall in plan.shortfalls {
                talk.planning(.warning(.noQuota(message: shortfall.message)))
                if let hint = shortfall.hint { Terminal.tell("hint: \(hint)") }
            }
            talk.tellHints(of: plan.absences)
            if let save {
                try await plan.saved().write(to: save)
                Terminal.tell(
                    "wrote \(save); to carry it out: tranship run \(pipeline.file.shellQuoted) --plan "
                        + save.shellQuoted + common.journalOption)
            }
            if let status = plan.absences.exitStatus { throw EarlyExit(status: status) }
        }
    }
}
