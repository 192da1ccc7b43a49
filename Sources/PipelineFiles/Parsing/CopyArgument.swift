// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationModel

/// The argument of `tranship copy` that a line of its pipeline came from. A person who copies has
/// no pipeline file, so a line number would not help.
enum CopyArgument {
    /// True if `tranship copy` made the text.
    static func beginsCopy(_ text: String) -> Bool { text.hasPrefix(Run.copyTextBeginning) }

    /// Returns `<source>`, `<target>`, `<image>` or an option, as in the help of `tranship copy`.
    ///
    /// - Parameter line: starts at 1.
    static func word(ofLine line: Int, in lines: [Substring]) -> String {
        let before = lines.prefix(max(0, line))
        guard let last = before.last else { return "<source>" }
        let isInTarget = before.contains("targets:")
        let parent = parent(of: last, in: before.dropLast())
        switch (parent, key(of: last)) {
        case ("properties", _), (_, "properties"): return "--property"
        case (_, "checksum"): return "--checksum"
        case (_, "checksum_file"): return "--checksum-file"
        case (_, "disk_format"): return "--disk-format"
        case (_, "owner"): return "--owner"
        case (_, "on_conflict"): return "--on-conflict"
        case (_, "tags"): return "--tag"
        case ("image", "name"): return "--name"
        case ("images", "name"), ("images", "id"): return "<image>"
        default: return isInTarget ? "<target>" : "<source>"
        }
    }

    /// Returns the key of the mapping that contains a line.
    private static func parent(of line: Substring, in before: ArraySlice<Substring>) -> Substring {
        let indentation = line.prefix { $0 == " " }.count
        let outer = before.last { other in
            let own = other.prefix { $0 == " " }.count
            return own < indentation && own < other.count
        }
        return outer.map(key) ?? ""
    }

    private static func key(of line: Substring) -> Substring {
        line.drop { $0 == " " || $0 == "-" }.prefix { $0 != ":" }
    }
}
