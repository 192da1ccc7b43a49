// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Hints in the words of `tranship copy`.
///
/// Most hints name keys of a pipeline file, which a person who copies does not have. Instead, an
/// option does the same, or a change to the file that `--save` writes.
package enum CopyHint {
    /// The options of `tranship copy` that replace keys.
    private static let options = [
        "name": "--name", "checksum": "--checksum", "checksum_file": "--checksum-file",
        "disk_format": "--disk-format", "on_conflict": "--on-conflict",
    ]

    /// Keys that hints name only to say where another key belongs, or what a source is.
    private static let places: Set = ["image", "file", "url", "cloud", "archive", "status"]

    /// Phrases about things that only a pipeline file can do, each with the phrase for a copy.
    private static let otherWays = [
        (
            "move the file to where the glob does not match it, give it an entry of its own, and "
                + "there write ", "copy the file by itself with "
        ),
        ("write it in this entry", "add it to this command"),
        (
            "if it is a name, write it under `name`",
            "if it is a name, write it in quotes, with a backslash in front of it"
        ),
        // A command with a mistake does not write a file, so the address must be corrected first.
        (
            "leave them out of the address, and write `auth: netrc`,",
            "leave them out of the address, and add --dry-run --save FILE to this command; below the "
                + "address in FILE, write `auth: netrc`,"
        ),
        (
            "for user:password in $NAME",
            "for user:password in $NAME; then run it: tranship run FILE"
        ),
        ("give each its own `series` or `name`", oneOfTwo),
        ("give one of them another name or another `series`", oneOfTwo),
    ]
    /// Each file needs its own command, since `{stem}` in a common name is the same for both.
    private static let oneOfTwo =
        "copy one of them by itself, or each by itself with its own name: tranship copy FILE TARGET "
        + "--name NAME"

    /// The kind of remedy that a hint names.
    package enum Way: Sendable { case none, option, otherCommand }

    /// A text in which options have replaced keys.
    private struct Replacement {
        var text: String
        /// Keys without an option.
        var keys: [String] = []
        var hasOption = false
    }

    /// Returns the hint with a copy's options in place of the keys. If it names a key without an
    /// option, it ends with the way to write that key.
    package static func words(_ hint: String) -> String {
        let own = otherWays.reduce(hint) { $0.replacing($1.0, with: $1.1) }
        let found = replaced(own)
        // A phrase from `otherWays` says everything that there is to do.
        guard own == hint, !found.keys.isEmpty else { return found.text }
        let keys = found.keys.map { "`\($0)`" }.joined(separator: " and ")
        return "\(found.text). A copy has no option for \(keys): add --save FILE to its command, "
            + "edit FILE, and run it with `tranship run FILE`"
    }

    /// Returns the kind of remedy that ``words(_:)`` names.
    package static func way(_ hint: String) -> Way {
        let own = otherWays.reduce(hint) { $0.replacing($1.0, with: $1.1) }
        let found = replaced(own)
        if own != hint || !found.keys.isEmpty { return .otherCommand }
        return found.hasOption ? .option : .none
    }

    /// Returns the message with the options in place of the keys.
    package static func message(_ message: String) -> String { replaced(message).text }

    private static func replaced(_ text: String) -> Replacement {
        var found = Replacement(text: "")
        found.text = text.replacing(
            /`(?<key>[a-z_]+)(?:: (?<value>[^`]*))?`(?: under `image`)?/
        ) { match in
            let key = String(match.key)
            if let option = options[key] {
                found.hasOption = true
                return match.value.map { "\(option) \($0)" } ?? option
            }
            let isWanted = match.value != nil || !places.contains(key)
            if isWanted, PipelineKeys.all.contains(key), !found.keys.contains(key) {
                found.keys.append(key)
            }
            return String(match.0)
        }
        return found
    }
}
