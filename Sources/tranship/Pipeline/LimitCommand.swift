// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import MigrationModel
import TranshipKit

struct LimitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limit",
        abstract: "Change the bandwidth of a run, or its images at once, while it is under way.",
        discussion: """
              $ tranship limit 50MiB/s
              $ tranship limit off nightly
              $ tranship limit auto nightly --images auto
              $ tranship limit --images 8

            The run follows within two seconds, also with images in flight. Both limits
            hold to the end of this run, also after `resume`. The next run has those of
            its file.
            """)

    @Argument(
        help: .value(
            "rate", "For all images together, such as 50MiB/s; off, or auto.",
            discussion: "off: no limit. auto: what the pipeline file says for the time of day."))
    var rate: String?

    @Argument(
        help: "The pipeline's name or file, or its journal. Default: the one that is running.",
        completion: .pipeline)
    var pipeline: String?

    @Option(
        help: .value("number", "Images at once, 1 to 1000; auto: what the pipeline file says."))
    var images: ImagesAtOnceArgument?

    @OptionGroup var common: PipelineOptions

    func run() async throws {
        let (bandwidth, named) = try target()
        let path =
            if let journal = common.journal { journal } else {
                try await LimitChange.journal(of: named, environment: common.environment)
            }
        let change = try await LimitChange.make(
            journalPath: path, bandwidth: bandwidth, images: images?.images)
        guard common.format == .json else {
            return Terminal.putSentence(
                "run \(change.run.id) of \(change.run.pipelineName): \(change.limits.words)")
        }
        JSONLine(
            "limit",
            [
                "pipeline": .string(change.run.pipelineName), "run": .integer(change.run.id),
                "journal": .string(path), "limits": change.limits.json,
            ]
        ).put()
    }

    /// Returns the bandwidth and the pipeline. The first word may be the pipeline if only
    /// `--images` changes.
    private func target() throws -> (bandwidth: LimitOverride.Bandwidth?, pipeline: String?) {
        guard let rate else {
            guard images != nil else {
                throw TranshipError(
                    .usage, "`limit` needs a rate or --images",
                    hint: "write `tranship limit 50MiB/s`, or off or auto in place of the rate")
            }
            return (nil, nil)
        }
        if let bandwidth = LimitOverride.Bandwidth(rate) { return (bandwidth, pipeline) }
        guard images != nil, pipeline == nil else {
            throw TranshipError(
                .usage, "\"\(rate.cut(to: 100))\" is not a rate in bytes a second",
                hint: "write it as 50MiB/s, or off for no limit, or auto for what the pipeline "
                    + "file says; to pause a run, stop it and `tranship resume` it later")
        }
        return (nil, rate)
    }
}

extension LimitOverride.Bandwidth {
    /// Nil if the text is neither a rate nor `off` nor `auto`.
    init?(_ text: String) {
        switch text {
        case "off": self = .unlimited
        case "auto": self = .asInFile
        default:
            guard let bytes = ByteCount.parseRate(text) else { return nil }
            self = .atMost(bytes)
        }
    }
}

/// A number of images at once, or `auto`.
struct ImagesAtOnceArgument: ExpressibleByArgument {
    let images: LimitOverride.Images

    init?(argument: String) {
        if argument == "auto" {
            images = .asInFile
            return
        }
        guard let count = Int(argument), (1...1000).contains(count) else { return nil }
        images = .atMost(count)
    }
}

extension LimitOverride {
    /// The limits as JSON: each is a number, `off` or `auto`.
    var json: JSONValue {
        let rate: JSONValue =
            switch bandwidth {
            case .asInFile: .string("auto")
            case .unlimited: .string("off")
            case .atMost(let bytes): .integer(bytes)
            }
        let count: JSONValue =
            switch images {
            case .asInFile: .string("auto")
            case .atMost(let images): .integer(Int64(images))
            }
        return .object([
            "bandwidth": rate, "images": count, "changed_at": .string(Timestamp.text(changedAt)),
        ])
    }
}
