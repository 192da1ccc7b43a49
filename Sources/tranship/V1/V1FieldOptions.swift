// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

/// The fields of a v1 record that clients can set, except id and name.
struct V1FieldOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The format of the data: qcow2, raw, vmdk, ami, …", valueName: "format"))
    var diskFormat: String?

    @Option(
        help: ArgumentHelp("The format around the data: bare, ovf, ami, …", valueName: "format"))
    var containerFormat: String?

    @Option(help: ArgumentHelp("The least disk to boot it, in GiB.", valueName: "n"))
    var minDisk: Int?

    @Option(help: ArgumentHelp("The least memory to boot it, in MiB.", valueName: "n"))
    var minRam: Int?

    @Option(help: ArgumentHelp("The owning project; takes an admin.", valueName: "id"))
    var owner: String?

    @Option(help: ArgumentHelp("The scheme of the store: file, swift, rbd, …", valueName: "scheme"))
    var store: String?

    @Flag(exclusivity: .exclusive)
    var publicity: PublicityFlag?

    @Flag(exclusivity: .exclusive)
    var protection: ProtectionFlag?

    @Option(
        help: ArgumentHelp(
            "A property; repeatable. An empty value sets it to null.", valueName: "key=value"))
    var property: [KeyValue] = []

    @Option(help: ArgumentHelp("The MD5 that the data must have.", valueName: "digits"))
    var checksum: String?

    @Option(help: ArgumentHelp("The size that the data must have.", valueName: "size"))
    var size: ByteSize?

    /// - Throws: ``TranshipError/Code/invalidChecksum``.
    func fields() throws(TranshipError) -> LegacyImageFields {
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

/// Where the data of a v1 image comes from.
struct V1DataOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file, a URL that this machine reads, or - for standard input.", valueName: "file"))
    var file: DataArgument?

    @Option(
        help: ArgumentHelp(
            "A URL that the service reads at each download; nothing is stored.", valueName: "url"))
    var location: String?

    @Option(help: ArgumentHelp("A URL whose data the service copies.", valueName: "url"))
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
