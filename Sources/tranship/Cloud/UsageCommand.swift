// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct UsageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "usage",
        abstract: "Show the image quotas of the project and their use.",
        discussion: """
              $ tranship usage --cloud alpha

            Lists no quota if the cloud sets none through Keystone: the operator may
            have set others in its configuration. Sizes are in MiB. The copy in each
            store counts.
            """)

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let usage = try await cloud.service().usage()
        let members = usage.map { usage -> (String, JSONValue) in
            (usage.name, ["limit": .integer(usage.limit), "usage": .integer(usage.used)])
        }
        cloud.format.put(["usage": .object(Dictionary(members) { $1 })]) {
            var table = Table(["Quota", "Limit", "Usage"])
            for usage in usage { table.add([usage.name, "\(usage.limit)", "\(usage.used)"]) }
            return table
        }
        if usage.isEmpty {
            Terminal.tell(
                "the cloud reports no quotas for images; it may still have some: ask its operator")
        }
    }
}

struct VersionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "versions",
        abstract: "List the versions of the Image API that a cloud offers.",
        discussion: """
              $ tranship versions --cloud alpha
            """)

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        var list = RecordList(
            cloud.format, [("Version", "id"), ("Status", "status"), ("Endpoint", "links")])
        for version in try await cloud.service().versions() {
            let url = version.url.map(JSONValue.string)
            list.add(
                [
                    "id": .string(version.id), "status": .string(version.status),
                    "links": url.map { [["rel": "self", "href": $0]] } ?? [],
                ], cells: ["links": url ?? .null])
        }
        try list.end()
    }
}
