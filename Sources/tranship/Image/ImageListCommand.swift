// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct ImageListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List images, newest first, over all pages.",
        discussion: """
              $ tranship image list --cloud alpha
              $ tranship image list --name "Ubuntu 24.04" --name "Debian 12" --long
              $ tranship image list --status active --size-min 10GiB --sort size:desc
              $ tranship image list --property os_distro=debian --tag prod --format json
              $ tranship image list --all --updated-at gte:2026-01-01T00:00:00Z

            All conditions must hold. Hidden images need --hidden, and community images of
            other projects --community or --all.
            """)

    @OptionGroup(title: "Conditions") var filter: ImageFilterOptions

    @Flag(help: "Show more columns.")
    var long = false

    @Option(
        help: ArgumentHelp(
            "Sort by these keys, each asc or desc.",
            discussion: """
                Keys: name, status, container_format, disk_format, size, id, created_at, updated_at.
                """, valueName: "key[:dir],…"))
    var sort: SortKeys?

    @Option(
        help: ArgumentHelp("Images per page, up to the limit of the cloud.", valueName: "n"))
    var limit = 1000

    @Option(help: ArgumentHelp("Stop after so many images.", valueName: "n"))
    var maxItems: Int?

    @Option(help: ArgumentHelp("Start after the image with this id.", valueName: "id"))
    var marker: String?

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        var query = filter.query
        query.sort = sort?.keys ?? []
        query.pageLimit = min(limit, maxItems ?? limit)
        query.marker = marker
        var list = RecordList(cloud.format, columns: long ? Self.longColumns : Self.columns)
        var left = maxItems ?? Int.max
        for try await image in try cloud.service().images(query).flattened {
            guard left > 0, Terminal.takesOutput else { break }
            left -= 1
            list.add(image.record, long ? image.longCells : image.cells)
        }
        list.end()
    }

    static let columns = ["ID", "Name", "Status"]
    static let longColumns = [
        "ID", "Name", "Disk Format", "Container Format", "Size", "Checksum", "Status",
        "Visibility", "Protected", "Project", "Hash Algorithm", "Hash Value", "Tags",
    ]
}

extension Image {
    fileprivate var cells: [String] { [id, name ?? "", status.rawValue] }

    fileprivate var longCells: [String] {
        [
            id, name ?? "", diskFormat ?? "", containerFormat ?? "",
            sizeBytes.map(String.init) ?? "", checksum ?? "", status.rawValue,
            visibility.rawValue, JSONValue.bool(isProtected).cell, ownerID ?? "",
            hashAlgorithm ?? "", hashValue ?? "", tags.sorted().joined(separator: ", "),
        ]
    }
}

/// `name:asc,size:desc`; without a direction it is ascending.
struct SortKeys: ExpressibleByArgument {
    let keys: [ImageQuery.Sort]

    init?(argument: String) {
        var keys: [ImageQuery.Sort] = []
        for part in argument.split(separator: ",") {
            let words = part.split(separator: ":", maxSplits: 1)
            switch words.count == 2 ? words[1] : "asc" {
            case "asc": keys.append(.init(String(words[0])))
            case "desc": keys.append(.init(String(words[0]), ascending: false))
            default: return nil
            }
        }
        guard !keys.isEmpty else { return nil }
        self.keys = keys
    }
}
