// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Glibc

/// Addresses of services, which clouds and operators spell in many ways.
public enum ServiceAddress {
    /// Returns the same text for all spellings of an address: with and without a version, a slash
    /// at the end, the scheme's default port or capital letters, with each name of this machine,
    /// and with short or hexadecimal IPv4 addresses (`127.1`).
    ///
    /// - Parameter versions: the versions to remove from the end of the path: `/v3`.
    public static func inOneSpelling(_ text: String, versions: [String]) -> String {
        guard var parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased()
        else { return text }
        parts.scheme = scheme
        parts.host = parts.host?.lowercased()
        if let host = parts.host, ["localhost", "::1", "[::1]"].contains(host) {
            parts.host = "127.0.0.1"
        } else if let host = parts.host.flatMap(dotted) {
            parts.host = host
        }
        if parts.port == ["http": 80, "https": 443][scheme] { parts.port = nil }
        parts.path = "/" + parts.path.split(separator: "/").joined(separator: "/")
        for version in versions where parts.path.hasSuffix(version) {
            parts.path.removeLast(version.count)
        }
        if parts.path == "/" { parts.path = "" }
        (parts.query, parts.fragment) = (nil, nil)
        return parts.string ?? text
    }

    /// Returns the four numbers of an IPv4 address in any notation; nil for a name.
    private static func dotted(_ host: String) -> String? {
        guard host.first?.isNumber == true else { return nil }
        var address = in_addr()
        guard inet_aton(host, &address) != 0 else { return nil }
        return withUnsafeBytes(of: address.s_addr) { $0.map { "\($0)" }.joined(separator: ".") }
    }
}
