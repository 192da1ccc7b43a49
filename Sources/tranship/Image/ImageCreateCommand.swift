// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import MigrationModel
import OpenStackImage

struct ImageCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create an image, with its data or without.",
        discussion: """
              $ tranship image create "Ubuntu 24.04" --disk-format qcow2 --container-format bare
            """)

    @Argument(help: ArgumentHelp("The image's name.", valueName: "name"))
    var name: String

    @Option(help: ArgumentHelp("An id of our own, which was never used there.", valueName: "uuid"))
    var id: String?

    @OptionGroup(title: "Record") var fields: ImageFieldOptions
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        var image = fields.newImage(name: name)
        image.id = id
        try await cloud.service().create(image).put(cloud.format)
    }
}
