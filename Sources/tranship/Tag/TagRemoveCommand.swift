// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OpenStackImage

struct TagRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove tags from an image.",
        discussion: """
              $ tranship tag remove "Ubuntu 24.04" prod
            """)

    @OptionGroup var image: ImageArgument
    @OptionGroup var tags: TagsArgument

    @Flag(help: "A tag that is not there is fine.")
    var missingOk = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.service()
        let image = try await service.find(image.image)
        for tag in tags.tags {
            try await service.removeTag(image.id, tag, missingIsFine: missingOk)
        }
    }
}
