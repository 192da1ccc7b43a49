// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Foundation
import OpenStackImage

/// `key=value`, where the value may hold anything and the key no `=`.
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

/// A span of time with its unit: `30s`, `15m`, `24h`.
struct Span: ExpressibleByArgument {
    let seconds: Int64

    init(seconds: Int64) { self.seconds = seconds }

    init?(argument: String) {
        guard let seconds = TimeSpan.parse(argument) else { return nil }
        self.seconds = seconds
    }

    var defaultValueDescription: String { TimeSpan.format(seconds) }
}

/// Who is to see an image, or which images to list.
enum VisibilityFlag: String, EnumerableFlag {
    case `public`, `private`, community, shared

    static func help(for value: Self) -> ArgumentHelp? {
        switch value {
        case .public: "Everybody, in every list; takes an admin."
        case .private: "The owner only."
        case .community: "Everybody, but in no list of others."
        case .shared: "The owner and the image's members."
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
    /// The last of several with one key wins.
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
