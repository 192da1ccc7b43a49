// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation

/// The replacement for an option or a word that the parser refuses. The parser knows only the usage
/// of the command.
enum ParserAdvice {
    private static let bandwidth =
        "`limits: { bandwidth: 50MiB/s }` in the pipeline file, or while it runs: tranship limit "
        + "50MiB/s"
    private static let images =
        "`limits: { images: 8 }` in the pipeline file, or while it runs: tranship limit --images 8"

    /// The options of other tools, with ours, by the command; `*` means any command.
    private static let options: [String: [String: String]] = [
        "run": [
            "--dry-run": "`tranship plan FILE` shows what a run would do",
            "-n": "`tranship plan FILE` shows what a run would do",
            "--resume": "`tranship run FILE` goes on by itself; `tranship resume` needs no file",
        ],
        "image delete": [
            "--dry-run": "leave it out: `tranship image list --name NAME` shows what is there"
        ],
        "plan": ["--dry-run": "leave it out: a plan changes nothing"],
        "copy": [
            "--include":
                "put names and globs after the target: tranship copy SOURCE TARGET 'ubuntu-*'",
            "--image":
                "put names and globs after the target: tranship copy SOURCE TARGET 'ubuntu-*'",
            "--source": "write only the names: tranship copy SOURCE TARGET",
            "--target": "write only the names: tranship copy SOURCE TARGET",
            "--from": "write only the names: tranship copy SOURCE TARGET",
            "--to": "write only the names: tranship copy SOURCE TARGET",
            "--exclude":
                "write a pipeline with `exclude`: tranship copy SOURCE TARGET --dry-run --save FILE",
        ],
        "status": [
            "--follow": "`--watch` follows a run",
            "--list": "`tranship status --all` has the last run of every pipeline",
            "--run": "write its number behind the pipeline: tranship status NAME NUMBER",
        ],
        "report": ["--run": "write its number behind the pipeline: tranship report NAME NUMBER"],
        "image set": [
            "--visibility": "write --public, --private, --community or --shared",
            "--activate": "`tranship image reactivate IMAGE`",
            "--deactivate": "`tranship image deactivate IMAGE`",
            "--accept": "`tranship member set IMAGE --accept`",
            "--reject": "`tranship member set IMAGE --reject`",
        ],
        "image create": [
            "--visibility": "write --public, --private, --community or --shared",
            "--volume":
                "the Block Storage service makes an image of a volume: openstack image create "
                + "--volume",
        ],
        "image stage": [
            "--file": "name the file behind the image: tranship image stage IMAGE FILE"
        ],
        "*": [
            "--json": "write --format json",
            "--bwlimit": bandwidth, "--bandwidth": bandwidth, "--limit-rate": bandwidth,
            "--transfers": images, "--parallel": images, "--jobs": images, "-j": images,
            "--os-cloud": "name a cloud behind it: tranship --os-cloud CLOUD image list",
            "--cloud": "name a cloud behind it: tranship --cloud CLOUD image list",
        ],
    ]
    private static let pipelineCommands = ["plan", "run", "check"]

    /// Returns a line to print below the message; nil if there is none.
    ///
    /// - Parameters:
    ///   - message: the parser's message.
    ///   - arguments: the arguments, with the full command first.
    static func hint(_ message: String, _ arguments: [String]) -> String? {
        let command = arguments.first ?? ""
        if let option = quoted(message, after: "Unknown option ") {
            let path = arguments.prefix { !$0.hasPrefix("-") }.prefix(2).joined(separator: " ")
            if let known = options[path] ?? options[command], let advice = known[option] {
                return advice
            }
            if let advice = options["*"]?[option] { return advice }
            let isChange = ["image set", "image create"].contains(path)
            if isChange, ["--hw-", "--os-", "--img-"].contains(where: option.hasPrefix) {
                let key = option.dropFirst(2).replacing("-", with: "_")
                return "write --property \(key)=VALUE"
            }
            return command.hasPrefix("-")
                ? "options come behind the command: tranship COMMAND … \(option)" : nil
        }
        if let value = quoted(message, after: "The value "), value.allSatisfy(\.isNumber),
            quoted(message, after: "is invalid for ")?.hasPrefix("--max-duration") == true
        {
            return "write a unit: \(value)s, \(value)m or \(value)h"
        }
        if let value = quoted(message, after: "The value "), !value.contains("="),
            quoted(message, after: "is invalid for ")?.hasPrefix("--property") == true
        {
            return "write the value as well: --property \("\(value)=VALUE".shellQuoted)"
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
        if arguments.first == "image", name.contains(where: { "*?".contains($0) }) {
            let words =
                name.split(whereSeparator: { "*?".contains($0) }).first.map(String.init) ?? ""
            let cloud = Self.cloudWords(arguments)
            return "a list takes no glob: tranship image list\(cloud) | grep -F "
                + words.shellQuoted
        }
        return arguments.first == "image"
            ? "if \(name) is a cloud, write --cloud \(name.shellQuoted); if it is an image, "
                + "--name \(name.shellQuoted)"
            : "if \(name) is a cloud, write --cloud \(name.shellQuoted)"
    }

    /// Returns the options of a command line that choose a cloud: ` --cloud alpha`.
    private static func cloudWords(_ arguments: [String]) -> String {
        let names = ["--cloud", "--os-cloud", "--region", "--os-region-name", "--project"]
        return zip(arguments, arguments.dropFirst()).filter { names.contains($0.0) }
            .map { " \($0.0) \($0.1.shellQuoted)" }.joined()
            + arguments.filter { argument in names.contains { argument.hasPrefix($0 + "=") } }
            .map { " \($0.shellQuoted)" }.joined()
    }

    /// Returns `--x` from `Error: Unknown option '--x'`.
    private static func quoted(_ message: String, after words: String) -> String? {
        guard let place = message.firstRange(of: words + "'") else { return nil }
        return String(message[place.upperBound...].prefix { $0 != "'" })
    }
}
