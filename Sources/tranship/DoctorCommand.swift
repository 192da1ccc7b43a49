// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Foundation
import MigrationModel
import TranshipKit

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say whether a cloud can be a source or a target, and why; change nothing.",
        discussion: """
              $ tranship doctor beta
              $ tranship doctor alpha beta
              $ tranship doctor beta --region RegionTwo -f table -c source -c target

            Two clouds: what a copy of the project's images from the first to the second
            would do. One byte of the newest image is read, and nothing is written, so a
            policy of a cloud may still refuse a request.
            The exit code is 3 if a copy from the first to the second is not possible, or
            if one cloud can be neither a source nor a target.
            """)

    @Argument(help: "An entry of clouds.yaml.", completion: .cloud)
    var cloud: String

    @Argument(help: "Another entry: the target of a copy.", completion: .cloud)
    var target: String?

    @Option(help: .value("name", "Another region than the entry's."))
    var region: String?

    @OptionGroup var output: OutputOptions

    func validate() throws {
        if target != nil, region != nil {
            throw ValidationError("--region belongs to one cloud: name one, or leave it out")
        }
        let words = [cloud, target].compactMap(\.self)
        let paths = ["./", "../", "/", "~"]
        guard
            let path = words.first(where: { word in
                paths.contains { word.hasPrefix($0) } || word.hasSuffix("/")
            })
        else { return }
        let others = words.filter { $0 != path }
        throw ValidationError(
            "\(path) is a path, and this command examines clouds"
                + (others.first.map { ": tranship doctor \($0.shellQuoted)" } ?? "")
                + "; `tranship plan` examines archives and files as well")
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        guard let target else {
            let found = try await CloudExamination.examine(
                place: cloud, region: region, environment: environment)
            let rendering = DoctorRendering(found: found)
            put(rendering.line, rendering.text)
            guard found.asSource.isYes || found.asTarget.isYes else {
                throw EarlyExit(status: .someFailed)
            }
            return
        }
        let found = try await CopyExamination.examine(
            source: cloud, target: target, environment: environment)
        let rendering = CopyExaminationRendering(found: found)
        put(rendering.line, rendering.text, command: rendering.next)
        if !found.verdict.isYes { throw EarlyExit(status: .someFailed) }
    }

    /// - Parameter command: printed unchanged, so that it can be copied.
    private func put(_ line: JSONLine, _ text: [String], command: String? = nil) {
        if let format = output.record {
            return Record(line.record).put(format)
        }
        if output.kind == .json { return line.put() }
        for line in text { Terminal.putSentence(line) }
        if let command { Terminal.put(command) }
    }
}
