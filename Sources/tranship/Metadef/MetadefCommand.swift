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
            """,
        aliases: ["ls"])

    @Option(help: "Only public or private ones.")
    var visibility: String?

    @Option(help: .value("type", "For this resource type; repeat it for any of several."))
    var resourceType: [String] = []

    @Option(help: .value("key[:dir]", "Sort by namespace, created_at or updated_at, asc or desc."))
    var sort: SortKeys?

    @Option(help: .value("n", "Stop after this many namespaces."))
    var limit: Int?

    @Option(help: .value("n", "Namespaces per page, up to the limit of the cloud."))
    var pageSize = 1000

    @Option(help: .value("namespace", "Start after this namespace."))
    var marker: String?

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let query = MetadefQuery(
            visibility: visibility.map(ImageVisibility.init(rawValue:)),
            resourceTypes: resourceType, sortKey: sort?.keys.first?.key,
            ascending: sort?.keys.first?.isAscending ?? true,
            pageLimit: min(pageSize, limit ?? pageSize), marker: marker)
        let types = "resource_type_associations"
        var list = RecordList(
            cloud.format,
            [
                ("Namespace", "namespace"), ("Visibility", "visibility"),
                ("Protected", "protected"), ("Resource Types", types),
            ])
        let found = try await cloud.service().metadefNamespaces(query)
        for namespace in found.prefix(limit ?? .max) {
            let names = namespace.resourceTypes.map { JSONValue.string($0.name) }
            list.add(namespace.record, cells: [types: .array(names)])
        }
        try list.end()
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
        let types = try await cloud.service().metadefResourceTypes()
        try cloud.put(types.map(\.record), [("Name", "name")])
    }
}

struct MetadefShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a namespace, a part of it, or one entry of that part.",
        discussion: """
              $ tranship metadef show OS::Compute::CPUPinning
              $ tranship metadef show OS::Compute::CPUPinning properties
              $ tranship metadef show OS::Compute::CPUPinning properties cpu_policy
            """)

    @Argument(help: "The namespace.")
    var namespace: String

    @Argument(help: MetadefPart.help)
    var part: MetadefPart?

    @Argument(help: "One entry of the part.")
    var name: String?

    @Option(help: .value("type", "Show the names that properties have for this resource type."))
    var resourceType: String?

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.service()
        guard let part else {
            let found = try await service.metadefNamespace(namespace, resourceType: resourceType)
            return found.put(cloud.format)
        }
        guard let name else {
            let entries = try await service.metadefs(part.kind, of: namespace)
            return try cloud.put(
                entries.map(\.record), [("Name", "name"), ("Description", "description")])
        }
        try await one(part.kind, name, of: service).put(cloud.format)
    }

    private func one(
        _ kind: any MetadefEntry.Type, _ name: String, of service: ImageService
    ) async throws(TranshipError) -> any MetadefEntry {
        guard kind == MetadefAssociation.self else {
            return try await service.metadef(
                kind, of: namespace, named: name, resourceType: resourceType)
        }
        let types = try await service.metadefs(MetadefAssociation.self, of: namespace)
        guard let type = types.first(where: { $0.name == name }) else {
            throw TranshipError(.notFound, "\(namespace) is not for \(name)")
        }
        return type
    }
}
