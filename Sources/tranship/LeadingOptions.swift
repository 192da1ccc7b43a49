// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// `--os-cloud NAME` before the command, where users of the `openstack` client write it.
enum LeadingOptions {
    /// Takes it over into the environment, and returns the other words.
    static func taken(from arguments: [String]) -> [String] {
        guard let first = arguments.first else { return arguments }
        for name in ["--os-cloud", "--cloud"] {
            if first == name, arguments.count > 1 {
                setenv("OS_CLOUD", arguments[1], 1)
                return Array(arguments.dropFirst(2))
            }
            if first.hasPrefix("\(name)=") {
                setenv("OS_CLOUD", String(first.dropFirst(name.count + 1)), 1)
                return Array(arguments.dropFirst())
            }
        }
        return arguments
    }
}
