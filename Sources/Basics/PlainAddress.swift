// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Addresses without TLS.
public enum PlainAddress {
    /// True for every scheme but https.
    public static func isPlain(_ url: String) -> Bool { !url.lowercased().hasPrefix("https://") }

    /// True if data that is sent to this address leaves this machine without TLS.
    public static func crossesNetwork(_ url: String) -> Bool {
        guard isPlain(url), let start = url.firstRange(of: "://")?.upperBound else { return false }
        let authority =
            url[start...].prefix { !"/?#".contains($0) }.split(separator: "@").last ?? ""
        let host =
            authority.hasPrefix("[")
            ? authority.prefix { $0 != "]" }.dropFirst() : authority.prefix { $0 != ":" }
        let isHere =
            host == "::1" || host.lowercased() == "localhost"
            || host.wholeMatch(of: /127(\.[0-9]+){3}/) != nil
        return !isHere
    }
}
