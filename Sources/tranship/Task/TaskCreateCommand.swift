// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct TaskCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Start a task of the older kind, which `image import` replaces.",
        discussion: """
              $ tranship task create --cloud alpha-admin --type import --input '{
                  "import_from": "https://example.org/disk.qcow2", "import_from_format": "qcow2",
                  "image_properties": {"name": "disk", "disk_format": "qcow2", "container_format": "bare"}}'
            """)

    @Option(help: ArgumentHelp("import, export or clone, as the cloud allows.", valueName: "type"))
    var type = "import"

    @Option(help: ArgumentHelp("What the task is about, as a JSON object.", valueName: "json"))
    var input: JSONArgument

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        try await cloud.service().createTask(type: type, input: input.value).put(cloud.format)
    }
}
