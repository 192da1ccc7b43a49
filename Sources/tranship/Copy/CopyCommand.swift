// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Foundation
import MigrationModel
import TranshipKit

struct CopyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copy",
        abstract: "Copy images from a cloud, files, an address or an archive.",
        discussion: """
              $ tranship copy alpha beta ubuntu-24.04
              $ tranship copy alpha beta 'ubuntu-*' debian-12 --dry-run
              $ tranship copy alpha/RegionTwo beta --tag prod
              $ tranship copy ./noble.qcow2 beta --name "Ubuntu 24.04"
              $ tranship copy https://mirror.example/noble.img beta --checksum sha256:…
              $ tranship copy alpha ./export/
              $ tranship copy ./export/ beta

            Clouds are entries of clouds.yaml; alpha/RegionTwo is one of their regions. The
            same command again continues after an interruption, and skips what is done. A
            copy is a pipeline like any other: --save writes its file, which says more than
            a command line can.
            """)

    @Argument(
        help: "A cloud, a file, a folder or a glob of files, an archive, or an http(s) address.",
        completion: .copySource)
    var source: String

    @Argument(
        help: "The cloud that gets the images, or an archive: a path with a slash.",
        completion: .cloud)
    var target: String

    @Argument(
        help: .value("image", "Names, globs and ids. Default: all active images of the project."),
        completion: .copiedImage)
    var images: [String] = []

    @Flag(name: [.customLong("dry-run"), .customShort("n")], help: "Show the plan; copy nothing.")
    var isDryRun = false

    @Option(help: .value("file", "Also write the pipeline file."), completion: .pipelineFile)
    var save: String?

    @OptionGroup(title: "Images") var choice: CopyChoiceOptions
    @OptionGroup(title: "Run") var options: RunOptions
    @OptionGroup(title: "Output") var common: RowOptions

    func validate() throws {
        guard !isDryRun else { return try options.refuseForPlans() }
        guard common.output.record == nil else {
            throw ValidationError(
                "-f \(common.output.kind) prints a plan: add --dry-run (-n), or print the copied "
                    + "images with tranship status -f \(common.output.kind)")
        }
    }

    func run() async throws {
        let order = try CopyOrder(
            source: source, target: target, names: images, options: choice.options,
            environment: common.environment)
        let file = try save.map {
            try SavedPipeline(text: order.pipeline(writtenBy: CommandWords.own), path: $0)
        }
        // When the command is repeated, that file exists, and may have been edited.
        let command = CommandWords.own(without: "--save")
        let text = order.pipeline(writtenBy: command)
        let talk = try options.begin(
            common.format, plans: isDryRun, isVerbose: common.verbose || isDryRun)
        // Only a dry run prints a table.
        try await common.output.withRows(
            of: ["plan-item"], PlanCommand.columns, more: PlanCommand.more
        ) {
            let run = try await PipelineRun(
                copying: order, text: text, journalPath: common.journal,
                environment: common.environment, plansOnly: isDryRun, planning: talk.planning,
                events: talk.event)
            do {
                try await isDryRun ? show(run, talk) : carryOut(run, talk, command)
            } catch let end as EarlyExit where !end.isError {
                try file?.write()
                throw end
            }
            try file?.write()
        }
    }

    private func show(_ run: PipelineRun, _ talk: Talk) async throws {
        let plan = try await run.plan()
        talk.endLine()
        try await PlanRendering(talk: talk, tallyOnly: false).render(
            plan, headline: run.pipelineName)
        for shortfall in plan.shortfalls {
            talk.planning(.warning(.noQuota(message: shortfall.message)))
        }
    }

    private func carryOut(_ run: PipelineRun, _ talk: Talk, _ command: String) async throws {
        try await RunSession(run: run, talk: talk, options: options, command: command).carryOut()
    }
}

/// The options that choose the images to copy, and their new names.
struct CopyChoiceOptions: ParsableArguments {
    @Option(help: "With this tag; repeat it for several that must all be there.")
    var tag: [String] = []

    @Option(help: .value("key=value", "With this property; repeatable."))
    var property: [KeyValue] = []

    @Option(
        help: .value(
            "project", "Images of a project, by its id; any for those that others show."))
    var owner: String?

    @Option(
        help: .value(
            "name", "The name of the copy, such as {name} copy; {stem} is the name of a file."))
    var name: String?

    @Option(
        help: .value("algorithm:digits", "The checksum of a file or an address, sha256:…"),
        transform: ChecksumArgument.parse)
    var checksum: ChecksumArgument?

    @Option(
        help: .value("place", "The address or path of a list of checksums, such as SHA256SUMS."),
        completion: .file())
    var checksumFile: String?

    @Option(
        help: .value("format", "qcow2, raw, … Default: as the extension or the data says."),
        completion: .diskFormat)
    var diskFormat: String?

    @Option(
        help: .value(
            "rule",
            "If the target has another image of the name: "
                + "\(CopyOrder.conflictRules.joined(separator: ", ")). Default: keep-both for images "
                + "of clouds, fail for others."),
        completion: .list(CopyOrder.conflictRules))
    var onConflict: String?

    func validate() throws {
        if checksum != nil, checksumFile != nil {
            throw ValidationError("--checksum and --checksum-file exclude each other")
        }
    }

    var options: CopyOrder.Options {
        var options = CopyOrder.Options()
        options.imageName = name
        options.checksum = checksum?.checksum
        options.checksumFile = checksumFile
        options.diskFormat = diskFormat
        options.onConflict = onConflict
        options.tags = tag
        options.properties = property.dictionary
        options.owner = owner
        return options
    }
}
