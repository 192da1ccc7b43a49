// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The command line with ``LeadingOptions``, as the help and the completion scripts describe it.
///
/// Nothing else is parsed with it: the parser would take the `--cloud` after a command for the one
/// before it, too.
struct DescribedTranship: ParsableCommand {
    static let configuration = Tranship.configuration

    @Option(
        name: [.customLong("cloud"), .customLong("os-cloud")],
        help: .value(
            "name", "The cloud of the commands for one cloud; may also follow the command."),
        completion: .cloud)
    var cloud: String?

    /// True if the arguments ask for a description, which never runs a command.
    static func isAsked(_ arguments: [String]) -> Bool {
        let words = [
            "--help", "-h", "---completion", "--generate-completion-script",
            "--experimental-dump-help",
        ]
        return arguments.first.map(words.contains) ?? true
    }
}
