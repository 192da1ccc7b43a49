// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OpenStackImage

struct MetadefListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the namespaces, over all pages.",
        discussion: """
              $ tranship metadef list --resource-type OS::Glance::Image --sort namespace:asc
            """)

    @Option(help: ArgumentHelp("Only these: public or private.", valueName: "visibility"))
    var visibility: String?

    @Option(
        help: ArgumentHelp(
            "For this resource type; repeat it for any of several.", valueName: "type"))
    var resourceType: [String] = []

    @Option(
        help: ArgumentHelp(
            "Sort by namespace, created_at or updated_at, asc or desc.", valueName: "key[:dir]"))
    var sort: SortKeys?

    @Option(
        help: ArgumentHelp(
            "Namespaces a page; the cloud's own limit holds as well.", valueName: "n"))
    var limit = 1000

    @Option(help: ArgumentHelp("Begin after this namespace.", valueName: "namespace"))
    var marker: String?

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let query = MetadefQuery(
            visibility: visibility, resourceTypes: resourceType, sortKey: sort?.keys.first?.key,
            ascending: sort?.keys.first?.isAscending ?? true, pageLimit: limit, marker: marker)
        var list = RecordList(
            cloud.format, columns: ["Namespace", "Visibility", "Protected", "Resource Types"])
        for namespace in try await cloud.service().metadefNamespaces(query) {
            list.add(
                namespace.record,
                [
                    namespace.name, namespace.visibility ?? "",
                    namespace.isProtected ? "True" : "False",
                    namespace.resourceTypes.map(\.resourceType).joined(separator: ", "),
                ])
        }
        list.end()
    }
}
