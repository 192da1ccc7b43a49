// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// How much of a limit of this project is used
/// (<https://docs.openstack.org/api-ref/image/v2/#quota-usage>).
public struct Usage: Sendable, Hashable {
    /// `image_size_total` and `image_stage_total` (MiB, each store's copy
    /// counts), `image_count_total`, `image_count_uploading`.
    public let name: String
    /// -1 is no limit.
    public let limit: Int64
    /// In the unit of the limit.
    public let used: Int64

    /// Nil where there is no limit; negative when more than it is used.
    public var left: Int64? { limit < 0 ? nil : limit - used }
}
