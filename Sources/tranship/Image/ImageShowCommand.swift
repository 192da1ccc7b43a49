// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OpenStackImage

struct ImageShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one image.",
        discussion: """
              $ tranship image show "Ubuntu 24.04"
              $ tranship image show 5ffa62d7-c08d-4678-a9f4-7c8b267be350 --format json | jq -r .os_hash_value
            """)

    @OptionGroup var image: ImageArgument
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        try await cloud.service().find(image.image).put(cloud.format)
    }
}

extension Image {
    func put(_ format: RecordFormat) {
        Record(record, properties: properties).put(format)
    }
}
