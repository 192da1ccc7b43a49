// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

/// The conditions of a list: all that the Image API supports.
struct ImageFilterOptions: ParsableArguments {
    @Option(help: "With this name; repeat it for any of several.")
    var name: [String] = []

    @Option(help: "With this id; repeat it for any of several.")
    var id: [String] = []

    @Option(help: "With this status; repeat it for any of several.", completion: .imageStatus)
    var status: [String] = []

    @Option(
        help: .value("format", "With this format; repeat it for any of several."),
        completion: .diskFormat)
    var diskFormat: [String] = []

    @Option(
        help: .value("format", "With this container format; repeat it for any of several."),
        completion: .containerFormat)
    var containerFormat: [String] = []

    @Option(help: .value("id", "Owned by the project with this id."))
    var owner: String?

    @Flag(exclusivity: .exclusive)
    var visibility: ListedVisibility?

    @Option(
        help: .value(
            "status",
            "Shared with this project, which answered accepted, pending, rejected or (all) anything."
        ))
    var memberStatus: String?

    @Flag(exclusivity: .exclusive)
    var protection: ListedProtection?

    @Flag(help: "Hidden images in place of the others.")
    var hidden = false

    @Option(help: "With this tag; repeat it for several that must all be there.")
    var tag: [String] = []

    @Option(help: .value("size", "At least this size, such as 512MiB."))
    var sizeMin: ByteSize?

    @Option(help: .value("size", "At most this size."))
    var sizeMax: ByteSize?

    @Option(
        help: .value(
            "op:time", "Created at a time, or with an operator: gt:, gte:, lt:, lte:, neq:."))
    var createdAt: TimeCondition?

    @Option(help: .value("op:time", "Changed at a time, with the same operators."))
    var updatedAt: TimeCondition?

    @Option(help: .value("digits", "With this MD5."))
    var checksum: String?

    @Option(
        help: .value(
            "key=value", "With this value of any other key: os_hash_value, a property; repeatable.")
    )
    var property: [KeyValue] = []

    /// - Throws: ``TranshipError/Code/usage`` for a mistyped word.
    func checkedQuery() throws(TranshipError) -> ImageQuery {
        try FormatArgument.checkCondition("--disk-format", diskFormat, common: FormatNames.disk)
        try FormatArgument.checkCondition(
            "--container-format", containerFormat, common: FormatNames.container)
        try FormatArgument.checkCondition(
            "--status", status, common: ImageStatus.listed.map(\.rawValue))
        try FormatArgument.checkCondition(
            "--member-status", memberStatus.map { [$0] } ?? [],
            common: ["accepted", "pending", "rejected", "all"])
        return query
    }

    private var query: ImageQuery {
        var properties = property.dictionary
        if let checksum { properties["checksum"] = checksum }
        return ImageQuery(
            name: .init(name), id: .init(id), status: status.map(ImageStatus.init(rawValue:)),
            diskFormat: .init(diskFormat), containerFormat: .init(containerFormat),
            ownerID: owner, visibility: visibility?.filter,
            memberStatus: memberStatus.map {
                $0 == "all" ? .all : .only(Member.Status(rawValue: $0))
            },
            isProtected: protection.map { $0 == .protected }, isHidden: hidden ? true : nil,
            tags: tag, sizeMinBytes: sizeMin?.bytes, sizeMaxBytes: sizeMax?.bytes,
            createdAt: createdAt?.bound, updatedAt: updatedAt?.bound, properties: properties)
    }
}

enum ListedVisibility: String, EnumerableFlag {
    case `public`, `private`, community, shared, all

    static func help(for value: Self) -> ArgumentHelp? {
        value == .all ? "Every image that this project may see." : "Only \(value.rawValue) images."
    }

    var filter: ImageQuery.Filter<ImageVisibility> {
        self == .all ? .all : .only(ImageVisibility(rawValue: rawValue))
    }
}

enum ListedProtection: String, EnumerableFlag {
    case protected, unprotected

    static func help(for value: Self) -> ArgumentHelp? { "Only \(value.rawValue) images." }
}

/// An argument such as `gte:2026-01-01T00:00:00Z`. A time without comparison must be equal.
struct TimeCondition: ExpressibleByArgument {
    let bound: ImageQuery.TimeBound

    init?(argument: String) {
        let comparison = argument.prefix { $0 != ":" }
        if let known = ImageQuery.TimeBound.Comparison(rawValue: String(comparison)) {
            bound = .init(known, String(argument.dropFirst(comparison.count + 1)))
        } else {
            bound = .init(.equal, argument)
        }
        guard bound.time.first?.isNumber == true else { return nil }
    }
}
