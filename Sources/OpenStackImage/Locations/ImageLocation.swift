// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// Where a store keeps an image's data
/// (<https://docs.openstack.org/api-ref/image/v2/#locations>).
public struct ImageLocation: Sendable, Hashable {
    /// May hold credentials of the store, so it is never printed.
    public let url: Secret<String>
    /// The store's id, where the service says it.
    public let store: String?
    /// The answer as it came, but without the URL.
    public let metadata: [String: JSONValue]

    /// - Parameter metadata: of the location; `store` names its store.
    public init(
        url: Secret<String>, metadata: [String: JSONValue] = [:]
    ) {
        self.url = url
        self.metadata = metadata
        store = metadata["store"]?.string
    }
}
