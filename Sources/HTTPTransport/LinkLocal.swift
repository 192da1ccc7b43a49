// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import CCurl
import Glibc

/// Addresses that are valid only within one network segment (RFC 3927; RFC 4291, section 2.5.6).
///
/// Clouds serve the credentials of a virtual machine at 169.254.169.254. A redirect must not make
/// this program read them.
enum LinkLocal {
    /// True for a link-local address, written as the host of a URL that curl has parsed.
    static func contains(host: String) -> Bool {
        var four = in_addr()
        if inet_pton(AF_INET, host, &four) == 1 {
            return withUnsafeBytes(of: &four) { contains(four: $0) }
        }
        var six = in6_addr()
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        let text = isBracketed ? String(host.dropFirst().dropLast()) : host
        guard inet_pton(AF_INET6, text, &six) == 1 else { return false }
        return withUnsafeBytes(of: &six) { contains(six: $0) }
    }

    /// True for a link-local address that curl is about to connect to.
    static func contains(_ address: UnsafePointer<curl_sockaddr>) -> Bool {
        guard let offset = MemoryLayout<curl_sockaddr>.offset(of: \.addr) else { return false }
        let bytes = UnsafeRawPointer(address) + offset
        let length = Int(address.pointee.addrlen)
        switch address.pointee.family {
        case AF_INET where length >= MemoryLayout<sockaddr_in>.size:
            var four = bytes.loadUnaligned(as: sockaddr_in.self).sin_addr
            return withUnsafeBytes(of: &four) { contains(four: $0) }
        case AF_INET6 where length >= MemoryLayout<sockaddr_in6>.size:
            var six = bytes.loadUnaligned(as: sockaddr_in6.self).sin6_addr
            return withUnsafeBytes(of: &six) { contains(six: $0) }
        default: return false
        }
    }

    private static func contains(four bytes: UnsafeRawBufferPointer) -> Bool {
        bytes[0] == 169 && bytes[1] == 254
    }

    private static func contains(six bytes: UnsafeRawBufferPointer) -> Bool {
        if bytes[0] == 0xFE, bytes[1] & 0xC0 == 0x80 { return true }
        // IPv4 inside IPv6: mapped, compatible (RFC 4291, section 2.5.5), translated (RFC 6052).
        let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && [0, 0xFF].contains(bytes[10])
        let isTranslated =
            bytes[..<4].elementsEqual([0x00, 0x64, 0xFF, 0x9B])
            && bytes[4..<12].allSatisfy { $0 == 0 }
        guard isMapped || isTranslated else { return false }
        return contains(four: UnsafeRawBufferPointer(rebasing: bytes[12...]))
    }
}
