// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct CacheCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache",
        abstract: "Manage the image cache of a Glance node; for admins.",
        subcommands: [
            CacheListCommand.self, CacheNodesCommand.self, CacheQueueCommand.self,
            CacheDeleteCommand.self, CacheClearCommand.self, CachePruneCommand.self,
        ])
}

struct CacheListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the images in the cache and in its queue.",
        discussion: """
              $ tranship cache list --cloud alpha-admin
            """,
        aliases: ["ls"])

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let images = try await cloud.service().cachedImages()
        cloud.format.put(.object(images.record)) {
            var table = Table(["ID", "State", "Last Accessed", "Last Modified", "Size", "Hits"])
            for image in images.cached {
                table.add([
                    image.imageID, "cached", time(image.lastAccessed), time(image.lastModified),
                    image.sizeBytes.map(String.init) ?? "", "\(image.hits)",
                ])
            }
            for id in images.queuedIDs { table.add([id, "queued", "", "", "", ""]) }
            return table
        }
    }

    private func time(_ seconds: Double?) -> String {
        guard let seconds, seconds > 0 else { return "" }
        return UTCTime.text(unixSeconds: Int64(clamping: seconds))
    }
}

struct CacheNodesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nodes",
        abstract: "List the nodes that have an image in their cache.",
        discussion: """
              $ tranship cache nodes "Ubuntu 24.04" --cloud alpha-admin
            """)

    @OptionGroup var image: ImageArgument
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let (service, image) = try await cloud.find(image)
        let nodes = try await service.cacheNodes(of: image.id)
        try cloud.put(nodes.map { ["node": .string($0)] }, [("Node", "node")])
    }
}

struct CacheQueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue",
        abstract: "Add images to the queue of the cache.",
        discussion: """
              $ tranship cache queue "Ubuntu 24.04" --cloud alpha-admin
            """)

    @OptionGroup var images: ImagesArgument
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        try await cloud.forEach(images.images) { service, image throws(TranshipError) in
            try await service.cacheImage(image.id)
        }
    }
}

struct CacheDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Remove images from the cache and its queue.",
        discussion: """
              $ tranship cache delete "Ubuntu 24.04" --cloud alpha-admin
            """,
        aliases: ["rm"])

    @OptionGroup var images: ImagesArgument

    @Flag(help: "Accept an image that does not exist.")
    var missingOk = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        try await cloud.forEach(images.images, missingIsFine: missingOk) {
            service, image throws(TranshipError) in
            try await service.removeFromCache(image.id)
        }
    }
}

struct CacheClearCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clear",
        abstract: "Empty the cache, its queue, or both.",
        discussion: """
              $ tranship cache clear --queue --cloud alpha-admin
            """)

    @Flag(help: "Only the cache.")
    var cache = false

    @Flag(help: "Only the queue.")
    var queue = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let target: CacheTarget = cache == queue ? .both : cache ? .cache : .queue
        try await cloud.service().clearCache(target)
    }
}

struct CachePruneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Shrink the cache to its maximum size and remove broken images from it.",
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
