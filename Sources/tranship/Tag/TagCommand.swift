// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct TagCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag",
        abstract: "An image's tags.",
        subcommands: [TagAddCommand.self, TagRemoveCommand.self])
}

/// One or more tags.
struct TagsArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("The tags.", valueName: "tag"))
    var tags: [String]
}
