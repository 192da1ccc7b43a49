// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import TranshipKit

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Show what a cloud offers and which methods `auto` would choose; change nothing.",
        discussion: """
              $ tranship doctor beta
              $ tranship doctor beta --region RegionTwo --format json
            """)

    @Argument(help: "An entry of clouds.yaml.", completion: .cloud)
    var cloud: String

    @Option(help: .value("name", "Another region than the entry's."))
    var region: String?

    @Option(help: "text, or json for JSON Lines on standard output.")
    var format: OutputFormat = .text

    func run() async throws {
        let found = try await CloudExamination.examine(
            cloud, region: region, environment: ProcessInfo.processInfo.environment)
        let rendering = DoctorRendering(found: found)
        if format == .json { return rendering.line.put() }
        for line in rendering.text { Terminal.put(line) }
    }
}
