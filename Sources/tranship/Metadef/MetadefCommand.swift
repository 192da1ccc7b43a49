// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct MetadefCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metadef",
        abstract:
            "Manage metadata definitions, which describe properties of images, flavors and volumes.",
        subcommands: [
            MetadefListCommand.self, MetadefShowCommand.self, MetadefCreateCommand.self,
            MetadefUpdateCommand.self, MetadefDeleteCommand.self, MetadefTypesCommand.self,
        ])
}

/// A part of a namespace.
enum MetadefPart: String, CaseIterable, ExpressibleByArgument {
    case objects, properties, tags
    case resourceTypes = "resource-types"

    static let help = ArgumentHelp("A part of the namespace.", valueName: "part")

    var kind: any MetadefEntry.Type {
        switch self {
        case .objects: MetadefObject.self
        case .properties: MetadefProperty.self
        case .tags: MetadefTag.self
        case .resourceTypes: MetadefAssociation.self
        }
    }
}

struct MetadefListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the namespaces, over all pages.",
        discussion: """
              $ tranship metadef list --resource-type OS::Glance::Image --sort namespace:asc
            """)

    @Option(help: ArgumentHelp("Only public or private ones.", valueName: "visibility"))
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
            "Namespaces per page, up to the limit of the cloud.", valueName: "n"))
    var limit = 1000

    @Option(help: ArgumentHelp("Start after this namespace.", valueName: "namespace"))
    var marker: String?

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let query = MetadefQuery(
            visibility: visibility.map(ImageVisibility.init(rawValue:)),
            resourceTypes: resourceType, sortKey: sort?.keys.first?.key,
            ascending: sort?.keys.first?.isAscending ?? true, pageLimit: limit, marker: marker)
        var list = RecordList(
            cloud.format, columns: ["Namespace", "Visibility", "Protected", "Resource Types"])
        for namespace in try await cloud.service().metadefNamespaces(query) {
            list.add(
                namespace.record,
                [
                    namespace.name, namespace.visibility?.rawValue ?? "",
                    namespace.isProtected ? "True" : "False",
                    namespace.resourceTypes.map(\.name).joined(separator: ", "),
                ])
        }
        list.end()
    }
}

struct MetadefTypesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "types",
        abstract: "List the resource types of all namespaces.",
        discussion: """
              $ tranship metadef types
            """)

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        var list = RecordList(cloud.format, columns: ["Name"])
        for type in try await cloud.service().metadefResourceTypes() {
            list.add(type.record, [type.name])
        }
        list.end()
    }
}
