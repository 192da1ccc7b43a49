// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OpenStackImage

struct MetadefTypesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "types",
        abstract: "List the resource types that namespaces are for.",
        discussion: """
              $ tranship metadef types
            """)

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        var list = RecordList(cloud.format, columns: ["Name"])
        for type in try await cloud.service().metadefResourceTypes() {
            list.add(type.record, [type.name])
        }
        list.end()
    }
}
