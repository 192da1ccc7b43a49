// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import OpenStackImage

/// Which images a list holds: every condition that the Image API knows.
struct ImageFilterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Of this name; repeat it for any of several.", valueName: "name"))
    var name: [String] = []

    @Option(help: ArgumentHelp("Of this id; repeat it for any of several.", valueName: "id"))
    var id: [String] = []

    @Option(
        help: ArgumentHelp("In this status; repeat it for any of several.", valueName: "status"))
    var status: [String] = []

    @Option(
        help: ArgumentHelp("In this format; repeat it for any of several.", valueName: "format"))
    var diskFormat: [String] = []

    @Option(
        help: ArgumentHelp("In this container; repeat it for any of several.", valueName: "format"))
    var containerFormat: [String] = []

    @Option(help: ArgumentHelp("Of the project with this id.", valueName: "id"))
    var owner: String?

    @Flag(exclusivity: .exclusive)
    var visibility: ListedVisibility?

    @Option(
        help: ArgumentHelp(
            "Shared with us, where our answer is accepted, pending, rejected or all.",
            valueName: "status"))
    var memberStatus: String?

    @Flag(exclusivity: .exclusive)
    var protection: ListedProtection?

    @Flag(help: "Hidden images instead of the others.")
    var hidden = false

    @Option(help: ArgumentHelp("With this tag; repeat it for all of several.", valueName: "tag"))
    var tag: [String] = []

    @Option(help: ArgumentHelp("At least so large, such as 512MiB.", valueName: "size"))
    var sizeMin: ByteSize?

    @Option(help: ArgumentHelp("At most so large.", valueName: "size"))
    var sizeMax: ByteSize?

    @Option(
        help: ArgumentHelp(
            "Created at a time, or gt:, gte:, lt:, lte:, neq: it.", valueName: "op:time"))
    var createdAt: TimeCondition?

    @Option(help: ArgumentHelp("Changed at a time, with the same operators.", valueName: "op:time"))
    var updatedAt: TimeCondition?

    @Option(help: ArgumentHelp("With this MD5.", valueName: "digits"))
    var checksum: String?

    @Option(
        help: ArgumentHelp(
            "With this value of any other key: os_hash_value, a property; repeatable.",
            valueName: "key=value"))
    var property: [KeyValue] = []

    var query: ImageQuery {
        var properties = property.dictionary
        if let checksum { properties["checksum"] = checksum }
        return ImageQuery(
            name: match(name), id: match(id), status: match(status), diskFormat: match(diskFormat),
            containerFormat: match(containerFormat), ownerID: owner,
            visibility: visibility?.rawValue, memberStatus: memberStatus,
            isProtected: protection.map { $0 == .protected }, isHidden: hidden ? true : nil,
            tags: tag, sizeMinBytes: sizeMin?.bytes, sizeMaxBytes: sizeMax?.bytes,
            createdAt: createdAt?.bound, updatedAt: updatedAt?.bound, properties: properties)
    }

    private func match(_ values: [String]) -> ImageQuery.Match? {
        switch values.count {
        case 0: nil
        case 1: .one(values[0])
        default: .anyOf(values)
        }
    }
}

enum ListedVisibility: String, EnumerableFlag {
    case `public`, `private`, community, shared, all

    static func help(for value: Self) -> ArgumentHelp? {
        value == .all ? "Every image that we may see." : "Only those that are \(value.rawValue)."
    }
}

enum ListedProtection: String, EnumerableFlag {
    case protected, unprotected

    static func help(for value: Self) -> ArgumentHelp? { "Only those that are \(value.rawValue)." }
}

/// `gte:2026-01-01T00:00:00Z`; a time alone is compared for equality.
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
