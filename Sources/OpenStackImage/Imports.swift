// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

/// A request for the service to get the data of an image itself
/// (<https://docs.openstack.org/api-ref/image/v2/#import-an-image>).
public struct ImportRequest: Sendable, Hashable {
    /// The origin of the data.
    public var method: Method
    /// The stores that the data goes to.
    public var stores: Stores
    /// False to let the import succeed if some of several stores fail. With nil, the service
    /// decides, and requires all.
    public var allStoresMustSucceed: Bool?

    /// Creates a request; by default for the default store, with the service's default for the
    /// rest.
    public init(
        _ method: Method, stores: Stores = .standard, allStoresMustSucceed: Bool? = nil
    ) {
        self.method = method
        self.stores = stores
        self.allStoresMustSucceed = allStoresMustSucceed
    }

    /// The origin of the data.
    public enum Method: Sendable, Hashable {
        /// From the staging area; the image is `uploading`.
        case glanceDirect
        /// From a URL that the service fetches; the image is `queued`. The URL may be signed, so it
        /// is never printed.
        case webDownload(uri: Secret<String>)
        /// From a store that has the data to other stores; the image is `active`. By default this
        /// needs an administrator for images of other projects.
        case copyImage
        /// From the Image service of another region that uses the same Keystone; the image is
        /// `queued`.
        case glanceDownload(region: String, imageID: String, interface: EndpointInterface? = nil)

        /// The name of the method, as ``ImportInfo/methods`` lists it.
        public var name: ImportMethod {
            switch self {
            case .glanceDirect: .glanceDirect
            case .webDownload: .webDownload
            case .copyImage: .copyImage
            case .glanceDownload: .glanceDownload
            }
        }
    }

    /// The stores that the data goes to.
    public typealias Stores = ImageStores
}

/// The name of an import method. Open: a cloud may allow methods that this library does not know.
public struct ImportMethod: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// `glance-direct`: from the staging area.
    public static let glanceDirect = Self(rawValue: "glance-direct")
    /// `web-download`: from a URL.
    public static let webDownload = Self(rawValue: "web-download")
    /// `copy-image`: from a store that has the data to stores that do not.
    public static let copyImage = Self(rawValue: "copy-image")
    /// `glance-download`: from the Image service of another region.
    public static let glanceDownload = Self(rawValue: "glance-download")

    public var description: String { rawValue }
}

/// The ways in which a cloud lets its users import images.
public struct ImportInfo: Sendable, Hashable {
    /// The methods that the cloud allows; empty if import is off or the service is older than
    /// API 2.6.
    public var methods: [ImportMethod] {
        (record["import-methods"]?["value"]?.array ?? [])
            .compactMap(\.string).map(ImportMethod.init(rawValue:))
    }
    /// The record as the service sent it.
    public let record: [String: JSONValue]
}

extension ImageService {
    /// Starts an import. The service only accepts the request. To see the result, watch the status
    /// of the image *and* its ``tasks(ofImage:)``, as ``waitForImport(of:ignoring:pace:onLook:)``
    /// does. A failed import sets the image back to `queued`, and some failures do not even do
    /// that.
    ///
    /// - Throws: ``TranshipError/Code/conflict`` for an image in the wrong state, an unknown store,
    ///   or while another import of the image is not yet completely over ("has active task": try
    ///   again);
    ///   ``TranshipError/Code/badRequest`` for a method or a URI that this cloud does not allow;
    ///   ``TranshipError/Code/forbidden``.
    public func importImage(
        _ id: String, _ request: ImportRequest
    ) async throws(TranshipError) {
        try await send(ImportRequests.start(id, request), expecting: [202])
    }

    /// Returns the import methods that this cloud allows.
    public func importInfo() async throws(TranshipError) -> ImportInfo {
        ImportInfo(
            record: try await sendForJSONIfKnown(.init(.get, "/v2/info/import"))?.object ?? [:])
    }
}

/// `POST /v2/images/{id}/import`.
enum ImportRequests {
    static func start(_ id: String, _ request: ImportRequest) -> ServiceRequest {
        var body: [String: JSONValue] = ["method": .object(method(request.method))]
        switch request.stores {
        case .standard: break
        case .named(let stores): body["stores"] = .array(stores.map(JSONValue.string))
        case .all: body["all_stores"] = true
        }
        if let must = request.allStoresMustSucceed { body["all_stores_must_succeed"] = .bool(must) }
        var sent = ServiceRequest(.post, "\(ImageRequests.path(id))/import", json: .object(body))
        if case .webDownload(let uri) = request.method {
            sent.secrets = HTTPRequest.secrets(ofURL: uri.revealed)
        }
        return sent
    }

    private static func method(_ method: ImportRequest.Method) -> [String: JSONValue] {
        var fields: [String: JSONValue] = ["name": .string(method.name.rawValue)]
        switch method {
        case .glanceDirect, .copyImage: break
        case .webDownload(let uri): fields["uri"] = .string(uri.revealed)
        case .glanceDownload(let region, let imageID, let interface):
            fields["glance_region"] = .string(region)
            fields["glance_image_id"] = .string(imageID)
            if let interface {
                fields["glance_service_interface"] = .string(interface.rawValue)
            }
        }
        return fields
    }
}
