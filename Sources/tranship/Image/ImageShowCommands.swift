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

struct ImageFindCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "find",
        abstract: "Print the id of the image with a name.",
        discussion: """
              $ id=$(tranship image find "Ubuntu 24.04") || exit

            If several images have the name, the command fails and lists their ids.
            """)

    @OptionGroup var image: ImageArgument
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let image = try await cloud.service().find(image.image)
        switch cloud.format {
        case .table: Terminal.put(image.id)
        case .json: image.put(.json)
        }
    }
}

struct ImageTasksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tasks",
        abstract: "List the tasks of an image: its imports.",
        discussion: """
              $ tranship image tasks "Ubuntu 24.04"

            Every user who can read the image can read its tasks. A failed import leaves the
            image `queued`; its task says why.
            """)

    @OptionGroup var image: ImageArgument
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.service()
        let image = try await service.find(image.image)
        var list = RecordList(
            cloud.format, columns: ["ID", "Type", "Status", "Created At", "Message"])
        for task in try await service.tasks(ofImage: image.id) {
            list.add(
                task.record,
                [task.id, task.type, task.status.rawValue, task.createdAt ?? "", task.message])
        }
        list.end()
    }
}
