// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

/// The fields of a record that users can set, except its name.
struct ImageFieldOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The format of the data: qcow2, raw, vmdk, iso, …", valueName: "format"))
    var diskFormat: String?

    @Option(
        help: ArgumentHelp("The format around the data: bare, ova, docker, …", valueName: "format"))
    var containerFormat: String?

    @Option(help: ArgumentHelp("The least disk to boot it, in GiB.", valueName: "n"))
    var minDisk: Int?

    @Option(help: ArgumentHelp("The least memory to boot it, in MiB.", valueName: "n"))
    var minRam: Int?

    @Flag(exclusivity: .exclusive)
    var visibility: VisibilityFlag?

    @Flag(exclusivity: .exclusive)
    var protection: ProtectionFlag?

    @Flag(exclusivity: .exclusive)
    var hiding: HiddenFlag?

    @Option(help: ArgumentHelp("A property; repeatable.", valueName: "key=value"))
    var property: [KeyValue] = []

    @Option(help: "A tag; repeatable.")
    var tag: [String] = []

    @Option(help: ArgumentHelp("The owning project; takes an admin.", valueName: "id"))
    var owner: String?

    @Option(help: ArgumentHelp("The property os_distro.", valueName: "name"))
    var osDistro: String?

    @Option(help: ArgumentHelp("The property os_version.", valueName: "version"))
    var osVersion: String?

    @Option(help: ArgumentHelp("The property architecture.", valueName: "name"))
    var architecture: String?

    @Option(help: ArgumentHelp("The property kernel_id of an AMI.", valueName: "id"))
    var kernelID: String?

    @Option(help: ArgumentHelp("The property ramdisk_id of an AMI.", valueName: "id"))
    var ramdiskID: String?

    /// `--property` wins over the options for single properties.
    var properties: [String: JSONValue] {
        let named = [
            ("os_distro", osDistro), ("os_version", osVersion), ("architecture", architecture),
            ("kernel_id", kernelID), ("ramdisk_id", ramdiskID),
        ]
        var properties: [String: JSONValue] = [:]
        for (key, value) in named { properties[key] = value.map(JSONValue.string) }
        for pair in property { properties[pair.key] = .string(pair.value) }
        return properties
    }

    /// The record to create.
    func newImage(name: String?) -> NewImage {
        NewImage(
            name: name, diskFormat: diskFormat, containerFormat: containerFormat,
            visibility: visibility?.visibility,
            isProtected: protection.map { $0 == .protected },
            isHidden: hiding.map { $0 == .hidden },
            ownerID: owner, minRAMMiB: minRam, minDiskGiB: minDisk, tags: tag,
            properties: properties)
    }

    /// The record after the change.
    func applied(to image: Image) -> Image {
        var image = image
        if let diskFormat { image.diskFormat = diskFormat }
        if let containerFormat { image.containerFormat = containerFormat }
        if let minDisk { image.minDiskGiB = minDisk }
        if let minRam { image.minRAMMiB = minRam }
        if let visibility { image.visibility = visibility.visibility }
        if let protection { image.isProtected = protection == .protected }
        if let hiding { image.isHidden = hiding == .hidden }
        if let owner { image.ownerID = owner }
        image.tags += tag
        image.properties.merge(properties) { $1 }
        return image
    }
}
