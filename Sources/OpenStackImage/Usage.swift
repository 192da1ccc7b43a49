// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

/// A quota of this project and its use
/// (<https://docs.openstack.org/api-ref/image/v2/#quota-usage>).
public struct Usage: Sendable, Hashable {
    /// `image_size_total` and `image_stage_total` (MiB; the copy in each store counts),
    /// `image_count_total`, `image_count_uploading`.
    public let name: String
    /// -1 for no limit.
    public let limit: Int64
    /// In the unit of the limit.
    public let used: Int64

    /// What is left of the limit; nil without a limit, negative if more than the limit is used.
    public var left: Int64? { limit < 0 ? nil : limit - used }
}

extension ImageService {
    /// The quotas of this project and their use. Empty if the cloud sets none through Keystone or
    /// is too old to report them.
    public func usage() async throws(TranshipError) -> [Usage] {
        Usage.list(try await sendForJSONIfKnown(.init(.get, "/v2/info/usage")) ?? [:])
    }
}

extension Usage {
    /// Sorted by name. Skips entries without both numbers.
    static func list(_ json: JSONValue) -> [Usage] {
        (json["usage"]?.object ?? [:]).compactMap { name, value in
            guard let limit = value["limit"]?.integer, let used = value["usage"]?.integer else {
                return nil
            }
            return Usage(name: name, limit: limit, used: used)
        }
        .sorted { $0.name < $1.name }
    }
}
