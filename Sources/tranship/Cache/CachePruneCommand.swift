// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct CachePruneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Have the cache cut down to its size, and what is broken in it removed.",
        discussion: """
              $ tranship cache prune --cloud alpha-admin
            """)

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.service()
        try await service.cleanCache()
        let pruned = try await service.pruneCache()
        Record([
            "total_files_pruned": .integer(pruned.files),
            "total_bytes_pruned": .integer(pruned.sizeBytes),
        ]).put(cloud.format)
    }
}
