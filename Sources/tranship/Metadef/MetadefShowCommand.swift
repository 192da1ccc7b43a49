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
        guard let name else {
            var list = RecordList(cloud.format, columns: ["Name", "Description"])
            for entry in try await service.metadefs(part.kind, of: namespace) {
                list.add(entry.record, [entry.name, entry.description ?? ""])
            }
            return list.end()
        }
        Record(try await one(part.kind, name, of: service).record).put(cloud.format)
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
