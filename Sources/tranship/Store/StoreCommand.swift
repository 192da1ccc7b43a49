// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct StoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "The places where a cloud keeps image data.",
        subcommands: [StoreListCommand.self, StoreDeleteCommand.self])
}
