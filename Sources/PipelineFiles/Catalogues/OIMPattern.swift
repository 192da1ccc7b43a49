// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// An address of openstack-image-manager with a pattern between `HEREBE` and `DRAGONS`:
/// `https://mirror.example/disk-HEREBE\d+\.\dDRAGONS.qcow2`.
///
/// openstack-image-manager searches the list of checksums for a name that matches this regular
/// expression. `latest` does the same: `disk-@v.qcow2` in `https://mirror.example/`.
struct OIMPattern {
    /// The address of the folder, with a slash at the end of its path.
    let url: String
    /// The value of `latest`.
    let latest: String

    /// True if an address has such a pattern. No server has a file of that name.
    static func isIn(_ address: String) -> Bool {
        address.contains("HEREBE") || address.contains("DRAGONS")
    }

    /// - Returns: nil if `latest` cannot express the pattern.
    init?(_ address: String) {
        guard let start = address.firstRange(of: "HEREBE"),
            let end = address[start.upperBound...].firstRange(of: "DRAGONS"),
            let slash = address[..<start.lowerBound].lastIndex(of: "/"),
            let (before, after) = Self.literals(address[start.upperBound..<end.lowerBound])
        else { return nil }
        let rest = address[end.upperBound...]
        let suffix = rest.prefix { $0 != "?" }
        let nameStart = address.index(after: slash)
        let (first, last) = (address[nameStart..<start.lowerBound] + before, after + suffix)
        guard !Self.isIn(first + last), !(first + last).contains("@v"), !suffix.contains("/")
        else { return nil }
        url = String(address[..<nameStart] + rest[suffix.endIndex...])
        latest = "\(first)@v\(last)"
    }

    /// Returns the letters at the beginning and at the end of a regular expression around the part
    /// that varies; nil if that part has more than digits, dots and lines between them.
    private static func literals(_ pattern: Substring) -> (before: String, after: String)? {
        guard let items = items(pattern), let first = items.firstIndex(of: nil),
            let last = items.lastIndex(of: nil)
        else { return nil }
        // With letters between two numbers, `@v` would match other images.
        guard items[first...last].allSatisfy({ $0.map { ".-_".contains($0) } ?? true }) else {
            return nil
        }
        return (
            String(items[..<first].compactMap(\.self)),
            String(items[last...].compactMap(\.self))
        )
    }

    /// Returns the characters of a regular expression, with nil for each part that varies; nil for
    /// groups and alternatives.
    private static func items(_ pattern: Substring) -> [Character?]? {
        var rest = pattern.hasPrefix("^") ? pattern.dropFirst() : pattern
        if rest.hasSuffix("$") { rest = rest.dropLast() }
        var items: [Character?] = []
        while let character = rest.popFirst() {
            switch character {
            case "\\":
                guard let escaped = rest.popFirst() else { return nil }
                guard escaped.isLetter || escaped.isNumber else {
                    items.append(escaped)
                    continue
                }
                guard "dw".contains(escaped) else { return nil }
                items.append(nil)
            case "[":
                guard let end = rest.firstIndex(of: "]"), rest.first != "^" else { return nil }
                rest = rest[rest.index(after: end)...]
                items.append(nil)
            case "+", "*", "?", "{":
                guard !items.isEmpty else { return nil }
                // What is repeated varies.
                items[items.count - 1] = nil
                guard character == "{" else { continue }
                guard let end = rest.firstIndex(of: "}") else { return nil }
                rest = rest[rest.index(after: end)...]
            case "(", ")", "|", "]", "}", "^", "$": return nil
            default: items.append(character)
            }
        }
        return items
    }
}
