// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Hints in the words of `tranship copy`.
///
/// Most hints name keys of a pipeline file, and a person who copies has none: an option says the
/// same, or the file that `--save` writes can.
package enum CopyHint {
    /// The keys that options of `tranship copy` stand for.
    private static let options = [
        "name": "--name", "checksum": "--checksum", "checksum_file": "--checksum-file",
        "disk_format": "--disk-format", "on_conflict": "--on-conflict",
    ]

    /// Keys that hints name to say where another key goes, or what a source is.
    private static let places: Set = ["image", "file", "url", "cloud", "archive", "status"]

    /// What only a pipeline file can do, and what a copy does in its place.
    private static let otherWays = [
        (
            "move the file to where the glob does not match it, give it an entry of its own, and "
                + "there write ", "copy the file by itself with "
        ),
        ("write it in this entry", "add it to this command"),
        ("give each its own `series` or `name`", oneOfTwo),
        ("give one of them another name or another `series`", oneOfTwo),
    ]
    /// `{stem}` in a name is the same for both.
    private static let oneOfTwo =
        "copy one of them by itself, or each by itself with its own name: tranship copy FILE TARGET "
        + "--name NAME"

    /// The hint with the options of a copy in place of the keys. If it names a key without an
    /// option, it ends with the way to write that key.
    package static func words(_ hint: String) -> String {
        var left: [String] = []
        let words = replaced(
            otherWays.reduce(hint) { $0.replacing($1.0, with: $1.1) }, left: &left)
        guard !left.isEmpty else { return words }
        let keys = left.map { "`\($0)`" }.joined(separator: " and ")
        return "\(words). A copy has no option for \(keys): add --save FILE to its command, "
            + "edit FILE, and run it with `tranship run FILE`"
    }

    /// A message with the options in place of the keys.
    package static func message(_ message: String) -> String {
        var left: [String] = []
        return replaced(message, left: &left)
    }

    private static func replaced(_ text: String, left: inout [String]) -> String {
        var keys: [String] = []
        defer { left = keys }
        return text.replacing(/`(?<key>[a-z_]+)(?:: (?<value>[^`]*))?`(?: under `image`)?/) {
            match in
            let key = String(match.key)
            if let option = options[key] {
                return match.value.map { "\(option) \($0)" } ?? option
            }
            let isWanted = match.value != nil || !places.contains(key)
            if isWanted, PipelineKeys.all.contains(key), !keys.contains(key) { keys.append(key) }
            return String(match.0)
        }
    }
}
