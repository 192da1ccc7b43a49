// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Foundation
import OpenStackImage

struct CacheListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the images in the cache and those that are to come into it.",
        discussion: """
              $ tranship cache list --cloud alpha-admin
            """)

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let images = try await cloud.service().cachedImages()
        guard cloud.format == .table else {
            return Terminal.put(JSONText.pretty(.object(images.record)))
        }
        var table = Table(["ID", "State", "Last Accessed", "Last Modified", "Size", "Hits"])
        for image in images.cached {
            table.add([
                image.imageID, "cached", time(image.lastAccessed), time(image.lastModified),
                image.sizeBytes.map(String.init) ?? "", "\(image.hits)",
            ])
        }
        for id in images.queuedIDs { table.add([id, "queued", "", "", "", ""]) }
        if !table.isEmpty { Terminal.put(table.text) }
    }

    private func time(_ seconds: Double?) -> String {
        guard let seconds, seconds > 0 else { return "" }
        return Date(timeIntervalSince1970: seconds).formatted(.iso8601)
    }
}
