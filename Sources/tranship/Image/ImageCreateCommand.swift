// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct ImageCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create an image, with its data or without.",
        discussion: """
              $ tranship image create "Ubuntu 24.04" --disk-format qcow2 --file ubuntu-24.04.img
              $ tranship image create new --disk-format raw
              $ tranship image create --disk-format qcow2 --uri https://example.org/debian-12.qcow2
              $ zcat disk.gz | tranship image create disk --disk-format raw --file - --size 20GiB
              $ tranship image create both --disk-format raw --file disk.raw --import --all-stores

            Without --file and --uri it has no data yet (`queued`), and standard input is not
            read. A name that is taken is refused; when it is this data that is there
            already, that image is shown. What fails leaves no image behind.
            """)

    @Argument(
        help: ArgumentHelp("The name. Default: the file's, without its end.", valueName: "name"))
    var name: String?

    @Option(help: ArgumentHelp("An id of our own, which was never used there.", valueName: "uuid"))
    var id: String?

    @Flag(help: "Create another image of a name that is taken.")
    var allowDuplicates = false

    @OptionGroup(title: "Record") var fields: ImageFieldOptions
    @OptionGroup(title: "Data") var data: NewDataOptions
    @OptionGroup(title: "Waiting for imports") var waiting: WaitOptions
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        var image = fields.newImage(name: name)
        image.id = id
        let newData = try data.newData()
        var options = try data.options()
        options.allowsDuplicates = allowDuplicates
        options.waiting = data.noWait ? nil : waiting.pace
        let service = try cloud.service()
        let progress = DataProgress(name ?? newData?.stem ?? "", sizeBytes: newData?.sizeBytes)
        let created = try await progress.during { [image, options] in
            try await service.createImage(
                image, from: newData, options, onProgress: progress.report)
        }
        if !created.isNew { Terminal.tell("it is there already; nothing was sent") }
        created.image.put(cloud.format)
    }
}
