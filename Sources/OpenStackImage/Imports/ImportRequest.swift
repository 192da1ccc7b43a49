// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// How the service is to get an image's data by itself
/// (<https://docs.openstack.org/api-ref/image/v2/#import-an-image>).
public struct ImportRequest: Sendable, Hashable {
    /// Where the data comes from.
    public var method: Method
    /// Where it goes.
    public var stores: Stores
    /// False lets the import succeed when some of several stores failed; nil
    /// leaves it to the service, which then wants all.
    public var allStoresMustSucceed: Bool?

    /// What is left out is the service's to choose: its default store.
    public init(
        _ method: Method, stores: Stores = .standard, allStoresMustSucceed: Bool? = nil
    ) {
        self.method = method
        self.stores = stores
        self.allStoresMustSucceed = allStoresMustSucceed
    }

    /// Where the data comes from.
    public enum Method: Sendable, Hashable {
        /// From the staging area; the image is `uploading`.
        case glanceDirect
        /// From a URL that the service fetches; the image is `queued`. The URL
        /// may be signed, so it is never printed.
        case webDownload(uri: Secret<String>)
        /// From a store that has it to others; the image is `active`. Admins
        /// only by default.
        case copyImage
        /// From another region's Image service that trusts the same Keystone;
        /// the image is `queued`.
        case glanceDownload(region: String, imageID: String, interface: EndpointInterface? = nil)

        /// As in ``ImportInfo/methods``.
        public var name: String {
            switch self {
            case .glanceDirect: "glance-direct"
            case .webDownload: "web-download"
            case .copyImage: "copy-image"
            case .glanceDownload: "glance-download"
            }
        }
    }

    /// Where the data goes.
    public enum Stores: Sendable, Hashable {
        /// The cloud's default.
        case standard
        case named([String])
        case all
    }
}

/// What this cloud imports with.
public struct ImportInfo: Sendable, Hashable {
    /// `glance-direct`, `web-download`, …; empty where import is off or the
    /// service is older than it (API 2.6).
    public var methods: [String]
    /// The answer as it came.
    public let record: [String: JSONValue]
}
