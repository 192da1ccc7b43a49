// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import Basics
import Digests
package import HTTPTransport

/// The Image service API v2 as a pure state machine: it takes a request and returns an answer.
///
/// The model starts no thread and reads no clock. Its user sets ``nowMilliseconds``, passes bodies
/// to ``begin(_:as:)`` and ``finish(_:work:body:fault:)``, and decides when an import ends. Two
/// fronts use it: ``GlanceServer`` over a socket, and the simulation.
///
/// The rules are those of Glance 33. `ConformanceTests` sends the same requests to the model and to
/// a real Glance.
package struct GlanceModel: Sendable {
    /// The caller of a request.
    package struct Caller: Sendable, Hashable {
        package var project: String
        package var isAdmin: Bool

        package init(project: String, isAdmin: Bool = false) {
            self.project = project
            self.isAdmin = isAdmin
        }
    }

    /// The conversion of image data by imports.
    package struct Conversion: Sendable {
        package var diskFormat: String
        package var convert: @Sendable ([UInt8]) -> [UInt8]

        package init(to diskFormat: String, _ convert: @escaping @Sendable ([UInt8]) -> [UInt8]) {
            self.diskFormat = diskFormat
            self.convert = convert
        }
    }

    /// The settings that differ from cloud to cloud.
    package struct Settings: Sendable {
        /// True if members may make their images public.
        package var allowsPublic = false
        /// The algorithm in `os_hash_algo`; nil for a service that reports only MD5.
        package var hashAlgorithm: Checksum.Algorithm? = .sha512
        package var importMethods = [
            "glance-direct", "web-download", "copy-image", "glance-download",
        ]
        /// The stores; the first one is the default.
        package var stores = ["fast", "slow"]
        /// The value of Glance's `image_size_cap`.
        package var imageBytesMax: Int64?
        /// The limits for properties, tags and members of one image (Glance's defaults).
        package var propertiesMax = 128
        package var tagsMax = 128
        package var membersMax = 128
        /// The number of images per page if the client names no limit.
        package var pageDefault = 25
        package var pageMax = 1000
        /// The caller of requests without a token.
        package var caller = Caller(project: "project", isAdmin: true)
        /// True if requests without a valid token get 401.
        package var needsToken = false
        /// The conversion by imports, like that of the plugin `image_conversion`; nil if imports
        /// store the data as it is.
        package var conversion: Conversion?
        /// The address of the Image service in the catalogue of new tokens; nil to leave it out.
        package var imageURL: String?
        /// Computes digests. A simulation that knows them already passes its own.
        package var digest: @Sendable (Checksum.Algorithm, [UInt8]) -> String = {
            (try? Digests.digest($0, of: $1).value) ?? ""
        }

        package init() {}
    }

    package var settings: Settings
    /// The service's clock, in milliseconds since 1970.
    package var nowMilliseconds: Int64 = 1_795_219_200_000
    package internal(set) var images: [String: Image] = [:]
    package private(set) var deletedIDs: Set<String> = []
    private var tokens: [String: Caller] = [:]
    private var tokenNumber = 0
    private var count = 0

    package init(_ settings: Settings = Settings()) {
        self.settings = settings
    }

    // MARK: State

    /// Reads or changes an image directly, which no client can do. Setting nil removes the image
    /// and leaves its id free.
    package subscript(id: String) -> Image? {
        get { images[id] }
        _modify { yield &images[id] }
    }

    /// Adds an image, or changes the fields of an existing one.
    package mutating func put(_ id: String, _ fields: [String: JSONValue] = [:]) {
        var image =
            images[id]
            ?? Image(
                id, owner: settings.caller.project, number: next(), at: nowMilliseconds)
        image.fields.merge(fields) { $1 }
        images[id] = image
    }

    /// Makes an image active with this data.
    package mutating func store(_ data: [UInt8], in id: String) {
        if images[id] == nil { put(id) }
        images[id]?.staged = nil
        images[id]?.data = data
        images[id]?.status = "active"
        nameStore(of: id)
        report(data, on: id)
    }

    mutating func nameStore(of id: String) {
        guard images[id]?.fields["stores"] == nil else { return }
        let store = JSONValue.string(defaultStore)
        images[id]?.fields["stores"] = store
    }

    /// Deletes an image. Its id can never be used again.
    package mutating func remove(_ id: String) {
        images[id] = nil
        deletedIDs.insert(id)
    }

    mutating func report(_ data: [UInt8], on id: String) {
        images[id]?.fields["size"] = .integer(Int64(data.count))
        let md5 = settings.digest(.md5, data)
        images[id]?.fields["checksum"] = .string(md5)
        if let algorithm = settings.hashAlgorithm {
            let value = settings.digest(algorithm, data)
            images[id]?.fields["os_hash_algo"] = .string(algorithm.rawValue)
            images[id]?.fields["os_hash_value"] = .string(value)
        }
        touch(id)
    }

    mutating func touch(_ id: String) {
        images[id]?.updatedAtMilliseconds = nowMilliseconds
    }

    mutating func next() -> Int {
        count += 1
        return count
    }

    var defaultStore: String { settings.stores.first ?? "file" }

    // MARK: Requests

    /// Answers any request whose body is not image data.
    ///
    /// - Parameter caller: nil to find the caller by the request's token.
    package mutating func answer(
        _ request: ModelRequest, as caller: Caller? = nil
    ) -> HTTPResponse {
        if request.path.suffix(2) == ["auth", "tokens"] { return issueToken(request) }
        guard let caller = caller ?? self.caller(of: request) else {
            return .refusal(401, "The request you have made requires authentication.")
        }
        guard request.path.first == "v2" else { return .refusal(404) }
        switch request.path.dropFirst().first {
        case "images": return answerImages(request, caller)
        case "info": return answerInfo(request)
        case "stores" where request.method == .delete: return deleteFromStore(request, caller)
        default: return .refusal(404)
        }
    }

    private mutating func answerImages(
        _ request: ModelRequest, _ caller: Caller
    ) -> HTTPResponse {
        guard let id = request.id else {
            switch request.method {
            case .get: return list(request, caller)
            case .post: return create(request, caller)
            default: return .refusal(405)
            }
        }
        guard let image = images[id], image.isVisible(to: caller) else {
            return .refusal(404, "Failed to find image \(id)")
        }
        if request.method != .get, !image.isOwned(by: caller), request.part != "members" {
            return .refusal(403, "You are not permitted to modify this image")
        }
        switch (request.method, request.part) {
        case (.get, ""): return .json(200, image.shown)
        case (.patch, ""): return patch(image, request, caller)
        case (.delete, ""): return delete(image)
        case (.get, "file"): return download(image, request, caller)
        case (.post, "import"): return startImport(image, request, caller)
        case (.get, "tasks"):
            return .json(200, ["tasks": .array(image.tasks.map(JSONValue.object))])
        case (.post, "actions"): return act(image, request.path.last ?? "")
        case (.put, "tags"): return addTag(image, request)
        case (.delete, "tags"): return removeTag(image, request)
        case (_, "members"): return answerMembers(image, request, caller)
        default: return .refusal(["file", ""].contains(request.part) ? 405 : 404)
        }
    }

    private func answerInfo(_ request: ModelRequest) -> HTTPResponse {
        switch request.path.dropFirst(2).joined(separator: "/") {
        case "import":
            let methods = settings.importMethods.map(JSONValue.string)
            return .json(
                200,
                [
                    "import-methods": [
                        "description": "Import methods available.", "type": "array",
                        "value": .array(methods),
                    ]
                ])
        case "stores":
            guard settings.stores.count > 1 else { return .refusal(404) }
            let stores = settings.stores.map { store -> JSONValue in
                store == defaultStore
                    ? ["id": .string(store), "default": "true"] : ["id": .string(store)]
            }
            return .json(200, ["stores": .array(stores)])
        case "usage": return .json(200, ["usage": [:]])
        default: return .refusal(404)
        }
    }

    // MARK: Keystone

    /// Returns the caller of a request by its token; nil if the token is not valid.
    package func caller(of request: ModelRequest) -> Caller? {
        guard settings.needsToken else { return settings.caller }
        return request.headers["X-Auth-Token"].flatMap { tokens[$0] }
    }

    /// Ends all tokens: the next request with one of them gets 401.
    package mutating func endTokens() {
        tokens = [:]
        tokenNumber += 1
    }

    /// Issues a token for the caller's project. If a request names a project, the token's project
    /// has that name.
    private mutating func issueToken(_ request: ModelRequest) -> HTTPResponse {
        let token = "token-\(settings.caller.project)-\(tokenNumber)"
        tokens[token] = settings.caller
        let domain: JSONValue = ["id": "default", "name": "Default"]
        let project = JSONValue.string(settings.caller.project)
        let asked = JSONValue(text: request.body)?["auth"]?["scope"]?["project"]?["name"]
        var body: [String: JSONValue] = [
            "methods": ["password"],
            "user": ["id": "u", "name": "u", "domain": domain],
            "project": ["id": project, "name": asked ?? project, "domain": domain],
            "roles": .array(
                (settings.caller.isAdmin ? ["member", "admin"] : ["member"]).map {
                    ["id": .string($0), "name": .string($0)]
                }),
            "issued_at": "2026-11-21T00:00:00.000000Z",
            "expires_at": "2099-11-22T00:00:00.000000Z",
        ]
        if let url = settings.imageURL {
            let endpoint: JSONValue = [
                "id": "e", "interface": "public", "region": "RegionOne",
                "region_id": "RegionOne", "url": .string(url),
            ]
            body["catalog"] = [
                ["type": "image", "name": "glance", "id": "i", "endpoints": [endpoint]]
            ]
        }
        var response = HTTPResponse.json(201, ["token": .object(body)])
        response.headers["X-Subject-Token"] = token
        return response
    }
}

extension HTTPResponse {
    package static func json(_ status: Int, _ value: JSONValue) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: ["Content-Type": "application/json"], body: value.text)
    }

    package static func refusal(_ status: Int, _ text: String = "no") -> HTTPResponse {
        HTTPResponse(status: status, body: Array(text.utf8))
    }
}
