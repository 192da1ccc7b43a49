// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The id that all requests of one try of one transfer send.
///
/// OpenStack services take the header `X-Openstack-Request-Id` as the global request id, and write
/// it into each line of their logs beside their own id (oslo.middleware, `request_id`). So an
/// operator can find the journal's request ids in the cloud's logs.
public enum RequestID {
    /// The header that carries the id.
    public static let header = "X-Openstack-Request-Id"

    /// The id for all requests of this task; with nil, they send none.
    @TaskLocal public static var current: String?

    /// Makes a new id. It is `req-` and a UUID, because services ignore ids of any other form.
    public static func make() -> String { "req-\(UUID().uuidString.lowercased())" }
}
