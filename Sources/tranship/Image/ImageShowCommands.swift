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
            other projects --community or --all. `tranship ls` is short for this command.
            """,
        aliases: ["ls"])

    @OptionGroup(title: "Conditions") var filter: ImageFilterOptions

    @Flag(help: "Show more columns.")
    var long = false

    @Option(
        help: .value(
            "key[:dir],…", "Sort by these keys, each asc or desc.",
            discussion: """
                Keys: name, status, container_format, disk_format, size, id, created_at, updated_at.
                """))
    var sort: SortKeys?

    @Option(
        name: [.customLong("limit"), .customLong("max-items")],
        help: .value("n", "Stop after this many images."))
    var limit: Int?

    @Option(help: .value("n", "Images per page, up to the limit of the cloud."))
    var pageSize = 1000

    @Option(help: .value("id", "Start after the image with this id."))
    var marker: String?

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        var query = try filter.checkedQuery()
        query.sort = sort?.keys ?? []
        query.pageLimit = min(pageSize, limit ?? pageSize)
        query.marker = marker
        var list = RecordList(
            cloud.format, long ? Self.longColumns : Self.columns, more: Self.longColumns)
        var left = limit ?? Int.max
        var count = 0
        for try await image in try cloud.service().images(query).flattened {
            guard left > 0, Terminal.takesOutput else { break }
            left -= 1
            count += 1
            list.add(
                image.record, cells: ["tags": .array(image.tags.sorted().map(JSONValue.string))])
        }
        try list.end()
        guard count == 0, let glob = filter.name.first(where: { $0.contains { "*?".contains($0) } })
        else { return }
        let part = glob.split(whereSeparator: { "*?".contains($0) }).first.map(String.init) ?? ""
        let words = (["tranship", "image", "list"] + cloud.words).map(\.shellQuoted)
        Terminal.tell(
            "no image has the name \(glob.shellQuoted): --name takes no glob; "
                + "`\(words.joined(separator: " ")) | grep -F \(part.shellQuoted)` finds the images"
        )
    }

    static let columns = [("ID", "id"), ("Name", "name"), ("Status", "status")]
    static let longColumns = [
        ("ID", "id"), ("Name", "name"), ("Disk Format", "disk_format"),
        ("Container Format", "container_format"), ("Size", "size"), ("Checksum", "checksum"),
        ("Status", "status"), ("Visibility", "visibility"), ("Protected", "protected"),
        ("Project", "owner"), ("Hash Algorithm", "os_hash_algo"), ("Hash Value", "os_hash_value"),
        ("Tags", "tags"),
    ]
}

/// An argument such as `name:asc,size:desc`. The default direction is ascending.
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

struct ImageShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one image.",
        discussion: """
              $ tranship image show "Ubuntu 24.04"
              $ tranship image show golden -f value -c os_hash_value
              $ tranship image show golden -f json | jq -r .os_hash_value
            """)

    @OptionGroup var image: ImageArgument

    @Flag(help: "Show URLs whole, including any credentials and signatures in them.")
    var showUrls = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        try await cloud.service().found(image.image).put(cloud.format, showsURLs: showUrls)
    }
}

extension Image {
    func put(_ format: RecordFormat, showsURLs: Bool = false) {
        let fields = record.filter { properties[$0.key] == nil }
        Record(record: record, fields: fields, properties: properties)
            .put(format, showsURLs: showsURLs)
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
        let image = try await cloud.service().found(image.image)
        guard cloud.kind == .table else { return image.put(cloud.format) }
        Terminal.put(image.id)
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
        let (service, image) = try await cloud.find(image)
        try cloud.put(
            try await service.tasks(ofImage: image.id).map(\.record),
            [
                ("ID", "id"), ("Type", "type"), ("Status", "status"), ("Created At", "created_at"),
                ("Message", "message"),
            ])
    }
}
