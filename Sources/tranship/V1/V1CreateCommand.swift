// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OpenStackImage

struct V1CreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create an image on a legacy cloud, with or without data.",
        discussion: """
              $ tranship v1 create old --cloud legacy --disk-format raw --container-format bare --file disk.raw
              $ tranship v1 create old --cloud legacy --disk-format raw --container-format bare \\
                  --copy-from http://example.org/disk.raw

            Without data the image is `queued`. A failure leaves a record behind, mostly
            `killed`.
            """)

    @Argument(help: ArgumentHelp("The image's name.", valueName: "name"))
    var name: String

    @Option(
        help: ArgumentHelp(
            "An id of your choice. The cloud must never have used it.", valueName: "uuid"))
    var id: String?

    @OptionGroup(title: "Record") var record: V1FieldOptions
    @OptionGroup(title: "Data") var data: V1DataOptions
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        var fields = try record.fields()
        fields.name = name
        fields.id = id
        let origin = try data.origin()
        let service = try cloud.legacyService()
        guard let file = data.file else {
            return try await service.create(fields, from: origin).put(cloud.format)
        }
        let source = try file.source(sizeBytes: nil)
        let progress = DataProgress(name, sizeBytes: source.sizeBytes ?? record.size?.bytes)
        let image = try await progress.during { [fields] in
            try await service.create(fields, from: source, onProgress: progress.report)
        }
        image.put(cloud.format)
    }
}
