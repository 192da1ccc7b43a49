// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Foundation
import OpenStackImage

/// `key=value`. The value may contain anything, the key no `=`.
struct KeyValue: ExpressibleByArgument {
    let key: String
    let value: String

    init?(argument: String) {
        guard let mark = argument.firstIndex(of: "="), mark != argument.startIndex else {
            return nil
        }
        key = String(argument[..<mark])
        value = String(argument[argument.index(after: mark)...])
    }
}

/// A number of bytes with or without a unit: `512`, `20GB`, `1.5GiB`.
struct ByteSize: ExpressibleByArgument {
    let bytes: Int64

    init(bytes: Int64) { self.bytes = bytes }

    init?(argument: String) {
        guard let bytes = ByteCount.parse(argument) else { return nil }
        self.bytes = bytes
    }

    var defaultValueDescription: String { ByteCount.format(bytes) }
}

/// A duration with its unit: `30s`, `15m`, `24h`.
struct Span: ExpressibleByArgument {
    let seconds: Int64

    init(seconds: Int64) { self.seconds = seconds }

    init?(argument: String) {
        guard let seconds = TimeSpan.parse(argument) else { return nil }
        self.seconds = seconds
    }

    var defaultValueDescription: String { TimeSpan.format(seconds) }
}

/// The visibility of an image.
enum VisibilityFlag: String, EnumerableFlag {
    case `public`, `private`, community, shared

    static func help(for value: Self) -> ArgumentHelp? {
        switch value {
        case .public: "Visible to every project, in every list; takes an admin."
        case .private: "Visible to the owner only."
        case .community: "Visible to every project, but not in their lists."
        case .shared: "Visible to the owner and the members."
        }
    }

    var visibility: ImageVisibility { ImageVisibility(rawValue: rawValue) }
}

enum ProtectionFlag: String, EnumerableFlag {
    case protected, unprotected

    static func help(for value: Self) -> ArgumentHelp? {
        value == .protected ? "Refuse deletion." : "Allow deletion."
    }
}

enum HiddenFlag: String, EnumerableFlag {
    case hidden, unhidden

    static func help(for value: Self) -> ArgumentHelp? {
        value == .hidden ? "Leave it out of lists." : "Show it in lists."
    }
}

extension [KeyValue] {
    /// If a key occurs several times, the last value wins.
    var dictionary: [String: String] {
        Dictionary(map { ($0.key, $0.value) }) { $1 }
    }
}

/// Any JSON.
struct JSONArgument: ExpressibleByArgument {
    let value: JSONValue

    init?(argument: String) {
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(argument.utf8))
        else { return nil }
        self.value = value
    }
}

/// How long and how often to look.
struct WaitOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How long to wait: 90s, 30m, 2h.", valueName: "time"))
    var deadline = Span(seconds: 3600)

    @Option(help: ArgumentHelp("The time between two looks.", valueName: "time"))
    var interval = Span(seconds: 2)

    var pace: Pace {
        Pace(
            intervalSeconds: Double(interval.seconds), deadlineSeconds: Double(deadline.seconds))
    }
}
