// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct VersionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "versions",
        abstract: "List the versions of the Image API that a cloud offers.",
        discussion: """
              $ tranship versions --cloud alpha
            """)

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        var list = RecordList(cloud.format, columns: ["Version", "Status", "Endpoint"])
        for version in try await cloud.service().versions() {
            list.add(
                [
                    "id": .string(version.id), "status": .string(version.status),
                    "links": version.url.map { [["rel": "self", "href": .string($0)]] } ?? [],
                ], [version.id, version.status, version.url ?? ""])
        }
        list.end()
    }
}
