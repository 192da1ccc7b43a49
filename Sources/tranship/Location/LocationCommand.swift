// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct LocationCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "location",
        abstract: "Where stores keep an image's data.",
        subcommands: [LocationListCommand.self, LocationAddCommand.self])
}
