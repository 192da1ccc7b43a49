// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The command line with ``LeadingOptions``, for the help and the completion scripts.
///
/// It parses nothing else: with it, the parser would also take a `--cloud` after a command for the
/// one before the command.
struct DescribedTranship: ParsableCommand {
    static let configuration = Tranship.configuration

    @Option(
        name: [.customLong("cloud"), .customLong("os-cloud")],
        help: .value(
            "name", "The cloud of the commands for one cloud; may also follow the command."),
        completion: .cloud)
    var cloud: String?

    /// True if the arguments request a description. Such arguments never run a command.
    static func isAsked(_ arguments: [String]) -> Bool {
        let words = [
            "--help", "-h", "---completion", "--generate-completion-script",
            "--experimental-dump-help",
        ]
        return arguments.first.map(words.contains) ?? true
    }
}
