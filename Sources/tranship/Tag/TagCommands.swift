// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OpenStackImage

struct TagCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag",
        abstract: "Manage the tags of an image.",
        subcommands: [TagAddCommand.self, TagRemoveCommand.self])
}

struct TagAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add tags to an image.",
        discussion: """
              $ tranship tag add "Ubuntu 24.04" prod zürich
            """)

    @OptionGroup var image: ImageArgument

    @Argument(help: .value("tag", "The tags."))
    var tags: [String]

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let (service, image) = try await cloud.find(image)
        for tag in tags { try await service.addTag(image.id, tag) }
    }
}

struct TagRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove tags from an image.",
        discussion: """
              $ tranship tag remove "Ubuntu 24.04" prod
            """)

    @OptionGroup var image: ImageArgument

    @Argument(help: .value("tag", "The tags."))
    var tags: [String]

    @Flag(help: "Accept a tag that does not exist.")
    var missingOk = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let (service, image) = try await cloud.find(image)
        for tag in tags {
            try await service.removeTag(image.id, tag, missingIsFine: missingOk)
        }
    }
}
