// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The option `--os-cloud NAME` before the command, as in the `openstack` client.
enum LeadingOptions {
    /// Removes the option from the arguments and sets it in the environment.
    ///
    /// - Returns: the words of the option, and all other words.
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

/// Short forms of commands that are often typed.
enum ShortCommands {
    static let words = ["ls": ["image", "list"], "rm": ["image", "delete"]]

    /// Returns the arguments with the full command.
    static func expanded(_ arguments: [String]) -> [String] {
        let help = arguments.first == "help" ? ["help"] : []
        let rest = arguments.dropFirst(help.count)
        guard let first = rest.first, let words = words[first] else { return arguments }
        return help + words + rest.dropFirst()
    }
}
