// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Foundation
import OpenStackImage

struct V1Command: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "v1",
        abstract: "Manage the images of a legacy cloud with Images API v1, which ended in 2018.",
        subcommands: [
            V1ListCommand.self, V1ShowCommand.self, V1CreateCommand.self, V1UpdateCommand.self,
            V1DeleteCommand.self, V1DownloadCommand.self, V1MembersCommand.self,
            V1SharedCommand.self,
        ])
}

extension CloudOptions {
    /// Returns the Image service of a legacy cloud. Sends nothing yet.
    func legacyService() throws(TranshipError) -> LegacyImageService {
        LegacyImageService(try service().session)
    }

    /// Returns the Image service of a legacy cloud, and the image that the argument names.
    func findLegacy(
        _ image: ImageArgument
    ) async throws(TranshipError) -> (service: LegacyImageService, image: LegacyImage) {
        let service = try legacyService()
        return (service, try await service.find(image.image))
    }
}

extension LegacyImage {
    func put(_ format: RecordFormat) {
        var fields = record
        fields["properties"] = nil
        Record(
            record: record, fields: fields, properties: properties.mapValues(JSONValue.string)
        ).put(format)
    }
}

struct V1ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one image of a legacy cloud.",
        discussion: """
              $ tranship v1 show "Ubuntu 14.04" --cloud legacy
            """)

    @OptionGroup var image: ImageArgument
    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.legacyService()
        // The list may contain less than the image itself.
        try await service.image(try await service.find(image.image).id).put(cloud.format)
    }
}

struct V1DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete an image of a legacy cloud, record and data.",
        discussion: """
              $ tranship v1 delete old --cloud legacy
            """,
        aliases: ["rm"])

    @OptionGroup var image: ImageArgument

    @Flag(help: "Accept an image that does not exist.")
    var missingOk = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.legacyService()
        do throws(TranshipError) {
            try await service.delete(try await service.find(image.image).id)
        } catch {
            guard missingOk, error.code == .notFound else { throw error }
        }
    }
}

struct V1CreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create an image on a legacy cloud, with or without data.",
        discussion: """
              $ tranship v1 create old --disk-format raw --container-format bare \\
                  --file disk.raw --cloud legacy
              $ tranship v1 create old --disk-format raw --container-format bare \\
                  --copy-from http://example.org/disk.raw

            Without data the image is `queued`. A failure leaves a record behind, mostly
            `killed`.
            """)

    @Argument(help: "The image's name.")
    var name: String

    @Option(help: .value("uuid", "An id of your choice. The cloud must never have used it."))
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

struct V1UpdateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Change an image of a legacy cloud, or send its data.",
        discussion: """
              $ tranship v1 update old --name older --property os_distro=debian
              $ tranship v1 update old --cloud legacy --file disk.raw

            Properties are added to those that are there, unless --purge-properties removes
            all that you do not name.
            """)

    @OptionGroup var image: ImageArgument

    @Option(help: "A new name.")
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

struct V1DownloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "download",
        abstract: "Download the data of an image of a legacy cloud, and prove it.",
        discussion: """
              $ tranship v1 download "Ubuntu 14.04" ubuntu-14.04.img --cloud legacy
              $ tranship v1 download old - --cloud legacy |
                  tranship image upload new - --cloud alpha --size 20MiB

            If the service reports an MD5, the data must have it.
            """)

    @OptionGroup var image: ImageArgument

    @Argument(help: "A new file, or - for standard output.", completion: .file())
    var file: String

    @Flag(help: "Replace a file that is there already.")
    var force = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        try Terminal.refuseData(to: file)
        if !force { try NewFile.check(file) }
        let (service, image) = try await cloud.findLegacy(image)
        let progress = DataProgress(image.name ?? image.id, sizeBytes: image.sizeBytes)
        try await progress.during { [file] in
            if file == "-" {
                try await service.download(
                    image.id, toDescriptor: STDOUT_FILENO, named: "standard output",
                    onProgress: progress.report)
            } else {
                try await service.download(image.id, toFile: file, onProgress: progress.report)
            }
        }
    }
}

struct V1ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the images of a legacy cloud, newest first, over all pages.",
        discussion: """
              $ tranship v1 list --cloud legacy
              $ tranship v1 list --long --status active --size-min 1GiB --sort size:asc
              $ tranship v1 list --changes-since 2016-11-21T00:00:00 --visible any
            """,
        aliases: ["ls"])

    @OptionGroup(title: "Conditions") var filter: V1FilterOptions

    @Flag(help: "Show more columns; JSON then has everything that the service reports.")
    var long = false

    @Option(
        help: .value(
            "key[:dir]",
            "Sort by name, status, container_format, disk_format, size, id, created_at or updated_at."
        ))
    var sort: SortKeys?

    @Option(help: .value("n", "Stop after this many images."))
    var limit: Int?

    @Option(help: .value("n", "Images per page, up to the limit of the cloud."))
    var pageSize = 1000

    @Option(help: .value("id", "Start after the image with this id."))
    var marker: String?

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        var query = try filter.checkedQuery()
        query.sortKey = sort?.keys.first?.key
        query.isAscending = sort?.keys.first?.isAscending
        query.pageLimit = min(pageSize, limit ?? pageSize)
        query.marker = marker
        let service = try cloud.legacyService()
        var list = RecordList(cloud.format, long ? Self.longColumns : Self.columns)
        var left = limit ?? Int.max
        if long {
            for try await page in service.images(query) {
                guard Terminal.takesOutput, left > 0 else { break }
                for image in page.prefix(left) { list.add(image.record) }
                left -= page.count
            }
        } else {
            for try await page in service.summaries(query) {
                guard Terminal.takesOutput, left > 0 else { break }
                for image in page.prefix(left) { list.add(image.record) }
                left -= page.count
            }
        }
        try list.end()
    }

    static let columns = [
        ("ID", "id"), ("Name", "name"), ("Disk Format", "disk_format"),
        ("Container Format", "container_format"), ("Size", "size"), ("Checksum", "checksum"),
    ]
    static let longColumns =
        columns + [
            ("Status", "status"), ("Public", "is_public"), ("Protected", "protected"),
            ("Project", "owner"),
        ]
}
