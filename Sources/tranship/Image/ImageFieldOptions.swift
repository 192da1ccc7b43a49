// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

/// The check of `--disk-format` and `--container-format`.
enum FormatArgument {
    /// - Parameters:
    ///   - allowed: the formats that the cloud lists; empty if it lists none.
    ///   - common: the formats of the Image service, to which the operator of a cloud may add
    ///     others.
    /// - Throws: ``TranshipError/Code/usage`` for a format that the cloud does not list. If the
    ///   cloud lists none, for a format that looks like a mistyped common one.
    static func check(
        _ option: String, _ value: String?, allowed: [String] = [], common: [String]
    ) throws(TranshipError) {
        let known = allowed.isEmpty ? common : allowed
        guard let value, !known.contains(value) else { return }
        let nearest = Nearest.to(value, in: known)
        if allowed.isEmpty, nearest == nil { return }
        throw TranshipError(
            .usage, "this cloud does not have the format of \(option) \(value.shellQuoted)",
            hint: (nearest.map { "did you mean \($0)? " } ?? "") + "formats: "
                + known.joined(separator: ", "))
    }

    /// Checks the formats in the conditions of a list. The list would be empty with a mistyped one.
    ///
    /// - Throws: ``TranshipError/Code/usage`` for a word that looks like a mistyped common one.
    static func checkCondition(
        _ option: String, _ values: [String], common: [String]
    ) throws(TranshipError) {
        for value in values where !common.contains(value) {
            guard let nearest = Nearest.to(value, in: common) else { continue }
            throw TranshipError(
                .usage, "unknown \(option) \(value.shellQuoted)",
                hint: "did you mean \(nearest)? known: " + common.joined(separator: ", "))
        }
    }
}

/// The fields of a record that users can set, except its name.
struct ImageFieldOptions: ParsableArguments {
    @Option(
        help: .value("format", "The format of the data: qcow2, raw, vmdk, iso, …"),
        completion: .diskFormat)
    var diskFormat: String?

    @Option(
        help: .value("format", "The format around the data: bare, ova, docker, …"),
        completion: .containerFormat)
    var containerFormat: String?

    @Option(help: .value("n", "The least disk to boot it, in GiB."))
    var minDisk: Int?

    @Option(help: .value("n", "The least memory to boot it, in MiB."))
    var minRam: Int?

    @Flag(exclusivity: .exclusive)
    var visibility: VisibilityFlag?

    @Flag(exclusivity: .exclusive)
    var protection: ProtectionFlag?

    @Flag(exclusivity: .exclusive)
    var hiding: HiddenFlag?

    @Option(help: .value("key=value", "A property; repeatable."))
    var property: [KeyValue] = []

    @Option(help: "A tag; repeatable.")
    var tag: [String] = []

    @Option(help: .value("id", "The owning project; needs an administrator."))
    var owner: String?

    @Option(help: .value("name", "The property os_distro."))
    var osDistro: String?

    @Option(help: .value("version", "The property os_version."))
    var osVersion: String?

    @Option(help: .value("name", "The property architecture."))
    var architecture: String?

    @Option(help: .value("id", "The property kernel_id of an AMI."))
    var kernelID: String?

    @Option(help: .value("id", "The property ramdisk_id of an AMI."))
    var ramdiskID: String?

    /// The properties. `--property` has priority over the options for single properties.
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

    /// Refuses formats that the cloud does not support. The cloud's own refusal would contain a
    /// page of its schema.
    ///
    /// - Throws: ``TranshipError/Code/usage`` for a format that the cloud does not list.
    func refuseUnknownFormats(at service: ImageService) async throws(TranshipError) {
        let given = [
            ("disk_format", "--disk-format", diskFormat, FormatNames.disk),
            ("container_format", "--container-format", containerFormat, FormatNames.container),
        ].filter { $0.2 != nil }
        guard !given.isEmpty else { return }
        var schema: Schema?
        do throws(TranshipError) {
            schema = try await service.schema("image")
        } catch  where error.answer != nil && error.code != .authenticationFailed {
            // The cloud has no schemas, or does not show them.
        }
        for (key, option, value, common) in given {
            try FormatArgument.check(
                option, value, allowed: schema?.allowedValues(of: key) ?? [], common: common)
        }
    }

    /// Returns the record to create.
    func newImage(name: String?) -> NewImage {
        NewImage(
            name: name, diskFormat: diskFormat, containerFormat: containerFormat,
            visibility: visibility?.visibility,
            isProtected: protection.map { $0 == .protected },
            isHidden: hiding.map { $0 == .hidden },
            ownerID: owner, minRAMMiB: minRam, minDiskGiB: minDisk, tags: tag,
            properties: properties)
    }

    /// Returns the record after the change.
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
