// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// A version of the Image API that a service offers
/// (<https://docs.openstack.org/api-ref/image/versions/index.html>).
public struct ServiceVersion: Sendable, Hashable {
    /// As sent: `v2.17`.
    public let id: String
    /// 2 of `v2.17`.
    public let major: Int
    /// 17 of `v2.17`; 0 of `v2`.
    public let minor: Int
    /// `CURRENT`, `SUPPORTED`, `DEPRECATED` or `EXPERIMENTAL`.
    public let status: String
    /// Where it is served, in the service's own words, which behind a proxy
    /// may be an address that nobody else can reach.
    public let url: String?
}

extension ServiceVersion: Comparable {
    /// By number.
    public static func < (one: Self, other: Self) -> Bool {
        (one.major, one.minor) < (other.major, other.minor)
    }
}
