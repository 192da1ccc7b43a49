// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel

/// `docs/errors.md`: the codes as their source file explains them.
struct ErrorPage {
    struct Entry {
        var section: String
        /// As Swift writes it: `journalInUse`.
        var symbol: String
        /// As the journal and JSON write it: `journal-in-use`.
        var name: String
        var meaning: String
    }

    private(set) var codes: [Entry] = []

    init(source: String) throws {
        var section = ""
        var comment: [Substring] = []
        for line in source.split(separator: "\n") {
            let text = line.drop { $0 == " " }
            if text.hasPrefix("// MARK: ") {
                section = String(text.dropFirst(9))
            } else if text.hasPrefix("/// ") {
                comment.append(text.dropFirst(4))
            } else if let match = text.firstMatch(of: /case (\w+) = "([^"]+)"/) {
                codes.append(
                    Entry(
                        section: section, symbol: String(match.output.1),
                        name: String(match.output.2), meaning: comment.joined(separator: " ")))
                comment = []
            } else {
                comment = []
            }
        }
    }

    var markdown: String {
        var text = """
            # The error codes

            <!-- Written by `make docs` from Sources/Basics/TranshipError+Codes.swift;
            changes here are lost. -->

            Every error has a code that never changes. The journal keeps it, `tranship status` shows
            it, and `--format json` has it as `code`. The last column is the
            [exit status](exit-codes.md) of a command that such an error ended; an image that fails
            with one while others go on counts as 3, 5 or 6.

            """
        var section = ""
        for code in codes {
            if code.section != section {
                section = code.section
                text += "\n## \(section)\n\n| code | what happened | exit |\n| --- | --- | --- |\n"
            }
            let status = TranshipError.Code(rawValue: code.name).map { ExitStatus($0).rawValue }
            let meaning = code.meaning.replacing("|", with: "\\|")
            text += "| `\(code.name)` | \(meaning) | \(status ?? 1) |\n"
        }
        return text
    }
}

/// `docs/exit-codes.md`.
enum ExitPage {
    static var markdown: String {
        var text = """
            # The exit codes

            <!-- Written by `make docs` from Sources/MigrationModel/ExitStatus.swift; changes here are
            lost. -->

            Every command ends with one of these. Where several apply to a run, the first of 130, 6, 3,
            8 and 5 is taken. The [error codes](errors.md) tell more.

            | exit | meaning |
            | --- | --- |

            """
        for status in ExitStatus.allCases {
            text += "| \(status.rawValue) | \(status.meaning) |\n"
        }
        return text
    }
}
