// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

struct StoreListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the stores; a cloud with one unnamed store lists none.",
        discussion: """
              $ tranship store list
              $ tranship store list --detail --cloud alpha-admin
            """)

    @Flag(help: "Types and settings as well; for admins.")
    var detail = false

    @OptionGroup(title: "Cloud") var cloud: CloudOptions

    func run() async throws {
        let service = try cloud.service()
        let stores = detail ? try await service.storesDetail() : try await service.stores()
        let columns = ["ID", "Description", "Default"] + (detail ? ["Type", "Properties"] : [])
        var list = RecordList(cloud.format, columns: columns)
        for store in stores {
            let more = [store.type ?? "", JSONValue.object(store.properties).cell]
            list.add(
                store.record,
                [store.id, store.description ?? "", store.isDefault ? "True" : ""]
                    + (detail ? more : []))
        }
        list.end()
    }
}
