// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

/// The fields of a v1 record that clients can set, except id and name.
struct V1FieldOptions: ParsableArguments {
    @Option(
        help: .value("format", "The format of the data: qcow2, raw, vmdk, ami, …"),
        completion: .diskFormat)
    var diskFormat: String?

    @Option(
        help: .value("format", "The format around the data: bare, ovf, ami, …"),
        completion: .containerFormat)
    var containerFormat: String?

    @Option(help: .value("n", "The least disk to boot it, in GiB."))
    var minDisk: Int?

    @Option(help: .value("n", "The least memory to boot it, in MiB."))
    var minRam: Int?

    @Option(help: .value("id", "The owning project; needs an administrator."))
    var owner: String?

    @Option(help: .value("scheme", "The scheme of the store: file, swift, rbd, …"))
    var store: String?

    @Flag(exclusivity: .exclusive)
    var publicity: PublicityFlag?

    @Flag(exclusivity: .exclusive)
    var protection: ProtectionFlag?

    @Option(help: .value("key=value", "A property; repeatable. An empty value sets it to null."))
    var property: [KeyValue] = []

    @Option(help: .value("digits", "The MD5 that the data must have."))
    var checksum: String?

    @Option(help: "The size that the data must have.")
    var size: ByteSize?

    /// Returns the fields.
    ///
    /// - Throws: ``TranshipError/Code/invalidChecksum``; ``TranshipError/Code/usage`` for a
    ///   mistyped format.
    func fields() throws(TranshipError) -> LegacyImageFields {
        try FormatArgument.check("--disk-format", diskFormat, common: FormatNames.disk)
        try FormatArgument.check(
            "--container-format", containerFormat, common: FormatNames.container)
        var md5: Checksum?
        if let checksum { md5 = try Checksum(.md5, checksum) }
        return LegacyImageFields(
            diskFormat: diskFormat, containerFormat: containerFormat, ownerID: owner,
            isPublic: publicity.map { $0 == .public },
            isProtected: protection.map { $0 == .protected }, minDiskGiB: minDisk,
            minRAMMiB: minRam, sizeBytes: size?.bytes, checksum: md5, store: store,
            properties: property.dictionary)
    }
}

/// The origin of a v1 image's data.
struct V1DataOptions: ParsableArguments {
    @Option(
        help: "A file, a URL that this machine reads, or - for standard input.", completion: .file()
    )
    var file: DataArgument?

    @Option(
        help: .value("url", "A URL that the service reads at each download; nothing is stored."))
    var location: String?

    @Option(help: .value("url", "A URL whose data the service copies."))
    var copyFrom: String?

    /// - Throws: ``TranshipError/Code/usage`` for more than one source.
    func origin() throws(TranshipError) -> LegacyImageOrigin? {
        guard [file != nil, location != nil, copyFrom != nil].filter({ $0 }).count < 2 else {
            throw TranshipError(.usage, "--file, --location and --copy-from exclude each other")
        }
        return location.map(LegacyImageOrigin.location) ?? copyFrom.map(LegacyImageOrigin.copyFrom)
    }
}

enum PublicityFlag: String, EnumerableFlag {
    case `public`, `private`

    static func help(for value: Self) -> ArgumentHelp? {
        value == .public ? "Visible to every project." : "Visible to the owner and the members."
    }
}

/// The conditions of a v1 list: all that the API supports.
struct V1FilterOptions: ParsableArguments {
    @Option(help: "With this name.")
    var name: String?

    @Option(help: "With this status.")
    var status: String?

    @Option(help: .value("format", "With this format."), completion: .diskFormat)
    var diskFormat: String?

    @Option(help: .value("format", "With this container format."), completion: .containerFormat)
    var containerFormat: String?

    @Option(help: .value("size", "At least this size, such as 512MiB."))
    var sizeMin: ByteSize?

    @Option(help: .value("size", "At most this size."))
    var sizeMax: ByteSize?

    @Option(help: .value("n", "With exactly this minimum of memory, in MiB."))
    var minRam: Int?

    @Option(help: .value("n", "With exactly this minimum of disk, in GiB."))
    var minDisk: Int?

    @Flag(exclusivity: .exclusive)
    var protection: ListedProtection?

    @Option(help: .value("which", "For admins: mine (the default of the service), private or any."))
    var visible: VisibleArgument?

    @Option(help: .value("time", "Changed since this time, including deleted images."))
    var changesSince: String?

    @Option(help: .value("key=value", "With this property; repeatable."))
    var property: [KeyValue] = []

    /// - Throws: ``TranshipError/Code/usage`` for a mistyped word.
    func checkedQuery() throws(TranshipError) -> LegacyImageQuery {
        try FormatArgument.checkCondition(
            "--disk-format", diskFormat.map { [$0] } ?? [], common: FormatNames.disk)
        try FormatArgument.checkCondition(
            "--container-format", containerFormat.map { [$0] } ?? [],
            common: FormatNames.container)
        try FormatArgument.checkCondition(
            "--status", status.map { [$0] } ?? [], common: ImageStatus.listed.map(\.rawValue))
        return query
    }

    private var query: LegacyImageQuery {
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
