// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

/// The conditions of a v1 list: all that the API knows.
struct V1FilterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("With this name.", valueName: "name"))
    var name: String?

    @Option(help: ArgumentHelp("With this status.", valueName: "status"))
    var status: String?

    @Option(help: ArgumentHelp("With this format.", valueName: "format"))
    var diskFormat: String?

    @Option(help: ArgumentHelp("With this container format.", valueName: "format"))
    var containerFormat: String?

    @Option(help: ArgumentHelp("At least this size, such as 512MiB.", valueName: "size"))
    var sizeMin: ByteSize?

    @Option(help: ArgumentHelp("At most this size.", valueName: "size"))
    var sizeMax: ByteSize?

    @Option(help: ArgumentHelp("With exactly this minimum of memory, in MiB.", valueName: "n"))
    var minRam: Int?

    @Option(help: ArgumentHelp("With exactly this minimum of disk, in GiB.", valueName: "n"))
    var minDisk: Int?

    @Flag(exclusivity: .exclusive)
    var protection: ListedProtection?

    @Option(
        help: ArgumentHelp(
            "For admins: mine (the default of the service), private or any.", valueName: "which"))
    var visible: VisibleArgument?

    @Option(
        help: ArgumentHelp("Changed since this time, including deleted images.", valueName: "time"))
    var changesSince: String?

    @Option(help: ArgumentHelp("With this property; repeatable.", valueName: "key=value"))
    var property: [KeyValue] = []

    var query: LegacyImageQuery {
        LegacyImageQuery(
            name: name, status: status.map(ImageStatus.init(rawValue:)), diskFormat: diskFormat,
            containerFormat: containerFormat,
            sizeMinBytes: sizeMin?.bytes, sizeMaxBytes: sizeMax?.bytes, minRAMMiB: minRam,
            minDiskGiB: minDisk, isProtected: protection.map { $0 == .protected },
            publicity: visible?.publicity, changesSince: changesSince,
            properties: property.dictionary)
    }
}

enum VisibleArgument: String, CaseIterable, ExpressibleByArgument {
    case mine, `private`, any

    var publicity: LegacyImageQuery.Publicity {
        switch self {
        case .mine: .mine
        case .private: .private
        case .any: .any
        }
    }
}
