// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct MetadefShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a namespace, a part of it, or one entry of that part.",
        discussion: """
              $ tranship metadef show OS::Compute::CPUPinning
              $ tranship metadef show OS::Compute::CPUPinning properties
              $ tranship metadef show OS::Compute::CPUPinning properties cpu_policy
            """)

    @Argument(help: ArgumentHelp("The namespace.", valueName: "namespace"))
    var namespace: String

    @Argument(help: MetadefPart.help)
    var part: MetadefPart?

    @Argument(help: ArgumentHelp("One entry of the part.", valueName: "name"))
    var name: String?

    @Option(
        help: ArgumentHelp(
            "Show the names that properties have for this resource type.", valueName: "type"))
    var resourceType: String?

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.service()
        guard let part else {
            let record = try await service.metadefNamespace(namespace, resourceType: resourceType)
                .record
            return Record(record).put(cloud.format)
        }
        if let name {
            return Record(try await one(part, name, of: service)).put(cloud.format)
        }
        var list = RecordList(cloud.format, columns: ["Name", "Description"])
        for record in try await all(part, of: service) {
            list.add(
                record, [record["name"]?.string ?? "", record["description"]?.string ?? ""])
        }
        list.end()
    }

    private func all(
        _ part: MetadefPart, of service: ImageService
    ) async throws(TranshipError) -> [[String: JSONValue]] {
        switch part {
        case .objects: try await service.metadefObjects(of: namespace).map(\.record)
        case .properties: try await service.metadefProperties(of: namespace).map(\.record)
        case .tags: try await service.metadefTags(of: namespace).map(\.record)
        case .resourceTypes: try await service.metadefAssociations(of: namespace).map(\.record)
        }
    }

    private func one(
        _ part: MetadefPart, _ name: String, of service: ImageService
    ) async throws(TranshipError) -> [String: JSONValue] {
        switch part {
        case .objects:
            return try await service.metadefObject(of: namespace, named: name).record
        case .properties:
            return try await service.metadefProperty(
                of: namespace, named: name, resourceType: resourceType
            ).record
        case .tags:
            return try await service.metadefTag(of: namespace, named: name).record
        case .resourceTypes:
            let types = try await service.metadefAssociations(of: namespace)
            guard let type = types.first(where: { $0.resourceType == name }) else {
                throw TranshipError(.notFound, "\(namespace) is not for \(name)")
            }
            return type.record
        }
    }
}
