// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The one spelling of an address, so that all spellings of an address are one source.
enum URLSpelling {
    /// Returns the address with its scheme and host in lower case, without the scheme's default
    /// port, and without `.` and `..` (RFC 3986, sections 6.2.2.1, 6.2.2.3 and 6.2.3). The rest
    /// stays: servers may distinguish `//` from `/`, and `%41` from `A`.
    static func one(of url: String) -> String {
        guard let colon = url.firstRange(of: "://") else { return url }
        let scheme = url[..<colon.lowerBound].lowercased()
        var authority = url[colon.upperBound...].prefix { !"/?#".contains($0) }
        let rest = url[authority.endIndex...]
        let ownPort = scheme == "https" ? ":443" : ":80"
        for port in [ownPort, ":"] where authority.hasSuffix(port) {
            authority = authority.dropLast(port.count)
        }
        let path = rest.prefix { !"?#".contains($0) }
        return "\(scheme)://\(authority.lowercased())\(withoutDots(path))\(rest[path.endIndex...])"
    }

    private static func withoutDots(_ path: Substring) -> String {
        let dots: Set<Substring> = [".", ".."]
        let names = path.split(separator: "/", omittingEmptySubsequences: false)
        guard names.contains(where: dots.contains) else { return String(path) }
        var kept: [Substring] = []
        for name in names {
            if name == ".." {
                // The first name is the empty text before the first slash.
                if kept.count > 1 { kept.removeLast() }
            } else if name != "." {
                kept.append(name)
            }
        }
        if let last = names.last, dots.contains(last) { kept.append("") }
        return kept.joined(separator: "/")
    }
}
