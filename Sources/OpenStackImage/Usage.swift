// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

/// A quota of this project and its use
/// (<https://docs.openstack.org/api-ref/image/v2/#quota-usage>).
public struct Usage: Sendable, Hashable {
    /// The name: `image_size_total` and `image_stage_total` (in MiB; the copy in each store
    /// counts), `image_count_total`, `image_count_uploading`.
    public let name: String
    /// The limit; -1 for none.
    public let limit: Int64
    /// The use, in the unit of the limit.
    public let used: Int64

    /// The rest of the limit; nil without a limit, negative if the use exceeds the limit.
    public var left: Int64? { limit < 0 ? nil : limit.clampedDifference(used) }
}

extension ImageService {
    /// Returns the quotas of this project and their use. Empty if the cloud sets none through
    /// Keystone or is too old to report them.
    ///
    /// - Throws: ``TranshipError/Code/invalidAnswer`` for a limit or a use that is not a number up
    ///   to 2^53.
    public func usage() async throws(TranshipError) -> [Usage] {
        try Usage.list(try await sendForJSONIfKnown(.init(.get, "/v2/info/usage")) ?? [:])
    }
}

extension Usage {
    /// Reads the quotas, sorted by name. Skips entries without both numbers.
    ///
    /// - Throws: ``TranshipError/Code/invalidAnswer``.
    static func list(_ json: JSONValue) throws(TranshipError) -> [Usage] {
        var usages: [Usage] = []
        for (name, value) in (json["usage"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let limit = value["limit"], let used = value["usage"], limit != .null,
                used != .null
            else { continue }
            usages.append(
                Usage(
                    name: name, limit: limit == -1 ? -1 : try number(limit, "limit", of: name),
                    used: try number(used, "usage", of: name)))
        }
        return usages
    }

    private static func number(
        _ value: JSONValue, _ key: String, of name: String
    ) throws(TranshipError) -> Int64 {
        if let number = OutsideNumber.read(value) { return number }
        throw TranshipError(
            .invalidAnswer,
            "the service reports \(String(decoding: value.body, as: UTF8.self).cut(to: 100)) as the "
                + "\"\(key)\" of the quota \(name), which is not a number from 0 to 2^53")
    }
}
