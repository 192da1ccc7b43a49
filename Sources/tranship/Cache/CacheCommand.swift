// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct CacheCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache",
        abstract: "The image cache of a Glance node; for admins.",
        subcommands: [
            CacheListCommand.self, CacheNodesCommand.self, CacheQueueCommand.self,
            CacheDeleteCommand.self, CacheClearCommand.self, CachePruneCommand.self,
        ])
}
