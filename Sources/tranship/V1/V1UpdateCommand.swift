// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OpenStackImage

struct V1UpdateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Change an image of a legacy cloud, or send its data.",
        discussion: """
              $ tranship v1 update old --cloud legacy --name older --property os_distro=debian
              $ tranship v1 update old --cloud legacy --file disk.raw

            Properties are added to the existing ones, unless --purge-properties removes those
            that you do not name.
            """)

    @OptionGroup var image: ImageArgument

    @Option(help: ArgumentHelp("A new name.", valueName: "name"))
    var name: String?

    @OptionGroup(title: "Changes") var record: V1FieldOptions

    @Flag(help: "Remove every property that you do not name.")
    var purgeProperties = false

    @OptionGroup(title: "Data for a queued image") var data: V1DataOptions
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        var fields = try record.fields()
        fields.name = name
        let origin = try data.origin()
        let service = try cloud.legacyService()
        let id = try await service.find(image.image).id
        guard let file = data.file else {
            return try await service.update(
                id, fields, from: origin, purgingProperties: purgeProperties
            ).put(cloud.format)
        }
        let source = try file.source(sizeBytes: nil)
        let progress = DataProgress(
            image.image, sizeBytes: source.sizeBytes ?? record.size?.bytes)
        let updated = try await progress.during { [fields] in
            try await service.upload(id, fields, from: source, onProgress: progress.report)
        }
        updated.put(cloud.format)
    }
}
