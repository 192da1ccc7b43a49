// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OpenStackImage

struct TagAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add tags to an image.",
        discussion: """
              $ tranship tag add "Ubuntu 24.04" prod zürich
            """)

    @OptionGroup var image: ImageArgument
    @OptionGroup var tags: TagsArgument
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.service()
        let image = try await service.find(image.image)
        for tag in tags.tags { try await service.addTag(image.id, tag) }
    }
}
