// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What to write in the place of an option or a word that the parser refuses: it knows only how the
/// command is used.
enum ParserAdvice {
    /// What users of other tools type, by the command; `*` is any.
    private static let options: [String: [String: String]] = [
        "run": [
            "--dry-run": "`tranship plan FILE` shows what a run would do",
            "-n": "`tranship plan FILE` shows what a run would do",
            "--resume": "`tranship run FILE` goes on by itself; `tranship resume` needs no file",
        ],
        "plan": ["--dry-run": "leave it out: a plan changes nothing"],
        "copy": [
            "--include":
                "names and globs come behind the target: tranship copy SOURCE TARGET 'ubuntu-*'",
            "--image":
                "names and globs come behind the target: tranship copy SOURCE TARGET 'ubuntu-*'",
            "--source": "write only the names: tranship copy SOURCE TARGET",
            "--target": "write only the names: tranship copy SOURCE TARGET",
            "--exclude":
                "write a pipeline with `exclude`: tranship copy SOURCE TARGET --dry-run --save FILE",
        ],
        "status": ["--follow": "`--watch` follows a run"],
        "*": ["--json": "write --format json"],
    ]
    private static let pipelineCommands = ["plan", "run", "check"]

    /// A line for below the message; nil if there is nothing to say.
    ///
    /// - Parameters:
    ///   - message: of the parser.
    ///   - arguments: with the whole command first.
    static func hint(_ message: String, _ arguments: [String]) -> String? {
        let command = arguments.first ?? ""
        if let option = quoted(message, after: "Unknown option ") {
            return options[command]?[option] ?? options["*"]?[option]
        }
        guard let word = quoted(message, after: "Unexpected argument ") else { return nil }
        let others = arguments.dropFirst().prefix { !$0.hasPrefix("-") }
        if pipelineCommands.contains(command), others.count > 1,
            let first = others.first, !first.hasSuffix(".yaml"), !first.hasSuffix(".yml")
        {
            let clouds = others.prefix(2).map(\.shellQuoted).joined(separator: " ")
            return
                "if these are clouds: `tranship copy \(clouds) --dry-run` shows what a copy would "
                + "do, and `tranship init \(clouds)` writes a pipeline file"
        }
        let isList =
            ["image", "task", "store", "metadef", "cache"].contains(command)
            && others.contains("list")
        return isList ? "if \(word) is a cloud, write --cloud \(word)" : nil
    }

    /// `--x` of `Error: Unknown option '--x'`.
    private static func quoted(_ message: String, after words: String) -> String? {
        guard let place = message.firstRange(of: words + "'") else { return nil }
        return String(message[place.upperBound...].prefix { $0 != "'" })
    }
}
