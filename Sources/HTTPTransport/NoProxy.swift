// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Glibc

/// The hosts that `no_proxy` keeps from a proxy, read as libcurl reads them (`lib/noproxy.c`).
struct NoProxy {
    private let coversAll: Bool
    private let entries: [Substring]

    /// - Parameter text: the value of the variable.
    init(_ text: String) {
        // Between other entries, curl takes the star for a name.
        coversAll = text == "*"
        entries = text.lowercased().split { $0 == "," || $0 == " " || $0 == "\t" }
    }

    /// True if an entry covers the host. A name covers its subdomains; an address covers itself or
    /// its network, and a name never covers an address: `.0.0.1` is not the end of 127.0.0.1.
    ///
    /// - Parameter host: the host of a URL that curl has parsed.
    func covers(_ host: String) -> Bool {
        if coversAll { return true }
        if host.hasPrefix("[") {
            // Only some versions of curl compare addresses of IPv6 as numbers.
            return entries.contains { $0 == Self.withoutBrackets(host) }
        }
        if let address = Self.address(host) {
            return entries.contains { Self.network($0, contains: address) }
        }
        let host = host.hasSuffix(".") ? host.dropLast() : host[...]
        return entries.contains { entry in
            var name = entry.hasSuffix(".") ? entry.dropLast() : entry
            if name.hasPrefix(".") { name = name.dropFirst() }
            return host == name || !name.isEmpty && host.hasSuffix(".\(name)")
        }
    }

    /// Returns an address of IPv6 as curl writes it in its messages and reads it in `no_proxy`; any
    /// other host as it is.
    static func withoutBrackets(_ host: String) -> Substring {
        host.hasPrefix("[") && host.hasSuffix("]") ? host.dropFirst().dropLast() : host[...]
    }

    /// True for the address itself, and for one in the network `10.0.0.0/8`.
    private static func network(_ entry: Substring, contains address: UInt32) -> Bool {
        let parts = entry.split(separator: "/", maxSplits: 1)
        let written = parts.count > 1 ? OutsideNumber.parse(parts[1]) : 0
        guard let first = parts.first, let network = Self.address(String(first)),
            let written, written <= 32
        else { return false }
        // curl takes 0 bits for all of them.
        let mask = written == 0 ? UInt32.max : UInt32.max << UInt32(32 - written)
        return network & mask == address & mask
    }

    /// Returns an address of IPv4 as a number; nil for another text.
    private static func address(_ text: String) -> UInt32? {
        var four = in_addr()
        guard inet_pton(AF_INET, text, &four) == 1 else { return nil }
        return UInt32(bigEndian: four.s_addr)
    }
}
