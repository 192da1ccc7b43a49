// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// `--os-cloud NAME` before the command, as users of the `openstack` client write it.
enum LeadingOptions {
    /// Takes it over into the environment.
    ///
    /// - Returns: its words, and all others.
    static func taken(from arguments: [String]) -> (leading: [String], rest: [String]) {
        guard let first = arguments.first else { return ([], arguments) }
        for name in ["--os-cloud", "--cloud"] {
            if first == name, arguments.count > 1 {
                setenv("OS_CLOUD", arguments[1], 1)
                return (Array(arguments.prefix(2)), Array(arguments.dropFirst(2)))
            }
            if first.hasPrefix("\(name)=") {
                setenv("OS_CLOUD", String(first.dropFirst(name.count + 1)), 1)
                return ([first], Array(arguments.dropFirst()))
            }
        }
        return ([], arguments)
    }
}

/// Short words for commands that are typed often.
enum ShortCommands {
    static let words = ["ls": ["image", "list"], "rm": ["image", "delete"]]

    /// The arguments with the whole command.
    static func expanded(_ arguments: [String]) -> [String] {
        let help = arguments.first == "help" ? ["help"] : []
        let rest = arguments.dropFirst(help.count)
        guard let first = rest.first, let words = words[first] else { return arguments }
        return help + words + rest.dropFirst()
    }
}
