// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct CacheNodesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nodes",
        abstract: "List the nodes that have an image in their caches.",
        discussion: """
              $ tranship cache nodes "Ubuntu 24.04" --cloud alpha-admin
            """)

    @OptionGroup var image: ImageArgument
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.service()
        let image = try await service.find(image.image)
        var list = RecordList(cloud.format, columns: ["Node"])
        for node in try await service.cacheNodes(of: image.id) {
            list.add(["node": .string(node)], [node])
        }
        list.end()
    }
}
