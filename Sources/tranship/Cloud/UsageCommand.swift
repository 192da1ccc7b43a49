// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct UsageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "usage",
        abstract: "Show the project's image quotas and what is used of them.",
        discussion: """
              $ tranship usage --cloud alpha

            Nothing is shown where the cloud sets no quotas through Keystone. Sizes are in
            MiB, and each store's copy counts.
            """)

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let usage = try await cloud.service().usage()
        guard cloud.format == .table else {
            let members = usage.map { usage in
                (
                    usage.name,
                    JSONValue.object([
                        "limit": .integer(usage.limit), "usage": .integer(usage.used),
                    ])
                )
            }
            return Terminal.put(
                JSONText.pretty(["usage": .object(Dictionary(members) { $1 })]))
        }
        var table = Table(["Quota", "Limit", "Usage"])
        for usage in usage { table.add([usage.name, "\(usage.limit)", "\(usage.used)"]) }
        if !table.isEmpty { Terminal.put(table.text) }
    }
}
