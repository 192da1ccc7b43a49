// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel

/// Writes `docs/errors.md` from the comments on the codes.
struct ErrorPage {
    struct Entry {
        var section: String
        /// The name in Swift: `journalInUse`.
        var symbol: String
        /// The name in the journal and in JSON: `journal-in-use`.
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
            it, and `--format json` has it as `code`. If the error ends a command, the last column is
            its [exit code](exit-codes.md). If it fails an image while others continue, the run ends
            with 3, 5 or 6.

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

/// Writes `docs/exit-codes.md` from the meanings of the codes.
enum ExitPage {
    static var markdown: String {
        var text = """
            # The exit codes

            <!-- Written by `make docs` from Sources/MigrationModel/ExitStatus.swift; changes here are
            lost. -->

            Every command ends with one of these codes. If several apply to a run, it ends with the
            first of 130, 6, 7, 3, 8 and 5. See also the [error codes](errors.md).

            A plan (`plan`, `copy --dry-run`) ends with 0 once it is made, also if it refuses images or
            finds conflicts: its text and `--format json` name them. It ends with another code if a
            source or a target is absent, and `copy --dry-run` with 3 if no image has a name that it
            names.

            | exit | meaning |
            | --- | --- |

            """
        for status in ExitStatus.allCases {
            text += "| \(status.rawValue) | \(status.meaning) |\n"
        }
        return text
    }
}
