// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OpenStackImage

struct ImageTasksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tasks",
        abstract: "List what the service did and does with an image: its imports.",
        discussion: """
              $ tranship image tasks "Ubuntu 24.04"

            Whoever may read the image may read its tasks. An import that failed leaves the
            image `queued`; the reason stands here.
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
