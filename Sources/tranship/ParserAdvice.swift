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
        "report": ["--run": "write its number behind the pipeline: tranship report NAME NUMBER"],
        "image set": [
            "--activate": "`tranship image reactivate IMAGE`",
            "--deactivate": "`tranship image deactivate IMAGE`",
            "--accept": "`tranship member set IMAGE --accept`",
            "--reject": "`tranship member set IMAGE --reject`",
        ],
        "image create": [
            "--volume":
                "the Block Storage service makes an image of a volume: openstack image create "
                + "--volume"
        ],
        "image stage": [
            "--file": "name the file behind the image: tranship image stage IMAGE FILE"
        ],
        "*": [
            "--json": "write --format json",
            "--os-cloud": "name a cloud behind it: tranship --os-cloud CLOUD image list",
            "--cloud": "name a cloud behind it: tranship --cloud CLOUD image list",
        ],
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
            let path = arguments.prefix { !$0.hasPrefix("-") }.prefix(2).joined(separator: " ")
            if let known = options[path] ?? options[command], let advice = known[option] {
                return advice
            }
            if let advice = options["*"]?[option] { return advice }
            return command.hasPrefix("-")
                ? "options come behind the command: tranship COMMAND … \(option)" : nil
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
        guard isList else { return nil }
        let name = word.hasSuffix(":") ? String(word.dropLast()) : word
        return arguments.first == "image"
            ? "if \(name) is a cloud, write --cloud \(name.shellQuoted); if it is an image, "
                + "--name \(name.shellQuoted)"
            : "if \(name) is a cloud, write --cloud \(name.shellQuoted)"
    }

    /// `--x` of `Error: Unknown option '--x'`.
    private static func quoted(_ message: String, after words: String) -> String? {
        guard let place = message.firstRange(of: words + "'") else { return nil }
        return String(message[place.upperBound...].prefix { $0 != "'" })
    }
}
