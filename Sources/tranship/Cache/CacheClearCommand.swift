// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OpenStackImage

struct CacheClearCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clear",
        abstract: "Empty the cache, its queue, or both.",
        discussion: """
              $ tranship cache clear --queue --cloud alpha-admin
            """)

    @Flag(help: "The cache only.")
    var cache = false

    @Flag(help: "The queue only.")
    var queue = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let target: CacheTarget = cache == queue ? .both : cache ? .cache : .queue
        try await cloud.service().clearCache(target)
    }
}
