// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The id that we give to the requests of one try of one transfer.
///
/// OpenStack services take the header `X-Openstack-Request-Id` as the global request id, and write
/// it into each line of their logs beside their own id (oslo.middleware, `request_id`). So an
/// operator can find the journal's request ids in the cloud's logs.
public enum RequestID {
    /// The header that carries it.
    public static let header = "X-Openstack-Request-Id"

    /// The id for all requests of this task; nil sends none.
    @TaskLocal public static var current: String?

    /// A new id. Services ignore ids of another form than `req-` and a UUID.
    public static func make() -> String { "req-\(UUID().uuidString.lowercased())" }
}
