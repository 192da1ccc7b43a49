// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct V1ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the images of a legacy cloud, newest first, over all pages.",
        discussion: """
              $ tranship v1 list --cloud legacy
              $ tranship v1 list --cloud legacy --long --status active --size-min 1GiB --sort size:asc
              $ tranship v1 list --cloud legacy --changes-since 2016-11-21T00:00:00 --visible any
            """)

    @OptionGroup(title: "Conditions") var filter: V1FilterOptions

    @Flag(help: "Show more columns; JSON then has everything that the service reports.")
    var long = false

    @Option(
        help: ArgumentHelp(
            "Sort by name, status, container_format, disk_format, size, id, created_at or updated_at.",
            valueName: "key[:dir]"))
    var sort: SortKeys?

    @Option(
        help: ArgumentHelp("Images per page, up to the limit of the cloud.", valueName: "n"))
    var limit = 1000

    @Option(help: ArgumentHelp("Start after the image with this id.", valueName: "id"))
    var marker: String?

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        var query = filter.query
        query.sortKey = sort?.keys.first?.key
        query.isAscending = sort?.keys.first?.isAscending
        query.pageLimit = limit
        query.marker = marker
        let service = try cloud.legacyService()
        var list = RecordList(cloud.format, long ? Self.longColumns : Self.columns)
        if long {
            for try await page in service.images(query) {
                guard Terminal.takesOutput else { break }
                for image in page { list.add(image.record) }
            }
        } else {
            for try await page in service.summaries(query) {
                guard Terminal.takesOutput else { break }
                for image in page { list.add(image.record) }
            }
        }
        list.end()
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
