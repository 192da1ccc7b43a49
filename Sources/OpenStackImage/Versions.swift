// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

/// A version of the Image API that a service offers
/// (<https://docs.openstack.org/api-ref/image/versions/index.html>).
public struct ServiceVersion: Sendable, Hashable {
    /// The version as the service writes it: `v2.17`.
    public let id: String
    /// The major number: the 2 of `v2.17`.
    public let major: Int
    /// The minor number: the 17 of `v2.17`; 0 for `v2`.
    public let minor: Int
    /// The status: `CURRENT`, `SUPPORTED`, `DEPRECATED` or `EXPERIMENTAL`.
    public let status: String
    /// The address of the version as the service knows it. Behind a proxy, this may be an internal
    /// address.
    public let url: String?
}

extension ServiceVersion: Comparable {
    /// Compares versions by number.
    public static func < (one: Self, other: Self) -> Bool {
        (one.major, one.minor) < (other.major, other.minor)
    }
}

extension ImageService {
    /// Returns the API versions of the service, newest first.
    ///
    /// For information only: the Image service has no microversions, and the operator may have
    /// disabled the features of a minor version.
    ///
    /// - Throws: ``TranshipError/Code/invalidAnswer`` if the server at the endpoint is not an Image
    ///   service, ``TranshipError/Code/badRedirect`` if it sends the request elsewhere.
    public func versions() async throws(TranshipError) -> [ServiceVersion] {
        var refused: HTTPResponse?
        // "/" answers 300 with the same body, and behind some proxies only this path works. Neither
        // path needs a token, but both accept one.
        for path in ["/versions", "/"] {
            let request = ServiceRequest(.get, path)
            let answer = try await send(request)
            if answer.isRedirect { throw refusal(answer, request) }
            if [200, 300].contains(answer.status),
                let json = try? JSONValue(body: answer.body, asked: request.asked),
                let versions = ServiceVersion.list(json)
            {
                return versions
            }
            refused = answer
        }
        let project = try await session.authenticate()
        throw TranshipError(
            .invalidAnswer,
            "\(shownURL(project.imageEndpoint)) answers \(refused?.status ?? 0) and does not list versions of "
                + "the Image API",
            hint: "check the catalogue's image endpoint, or set image_endpoint_override")
    }
}

extension ImageService {
    /// Returns the minor number of the newest API version 2 that the service lists: 17 for `v2.17`.
    /// Nil if it lists none, or does not show its versions to this user.
    ///
    /// Asks once for each session. Throws network failures; the next call then asks again.
    public func minorVersion() async throws(TranshipError) -> Int? {
        if let known = session.minorVersion { return known }
        var versions: [ServiceVersion] = []
        do {
            versions = try await self.versions()
        } catch {
            guard error.saysOnlyNothing else { throw error }
        }
        let minor = versions.filter { $0.major == 2 }.map(\.minor).max()
        session.learn(minorVersion: minor)
        return minor
    }
}

extension TranshipError {
    /// True for a refusal of an optional question: the service does not know the question, or does
    /// not answer it to this user.
    public var saysOnlyNothing: Bool {
        switch code {
        case .badRequest, .unauthorized, .forbidden, .notFound, .gone, .conflict, .invalidAnswer,
            .badRedirect:
            true
        // A list of versions instead of an answer.
        case .noImageService: answer != nil
        default: answer?.status == 501
        }
    }
}

extension ServiceVersion {
    /// Reads a version; nil if the id is not a version.
    init?(json: JSONValue) {
        guard let id = json["id"]?.string, id.first == "v" else { return nil }
        let numbers = id.dropFirst().split(separator: ".").map { Int($0) }
        guard numbers.count <= 2, let major = numbers.first.flatMap({ $0 }) else { return nil }
        self.id = id
        self.major = major
        minor = numbers.count == 2 ? numbers[1] ?? 0 : 0
        status = json["status"]?.string ?? ""
        url = (json["links"]?.array ?? []).first { $0["rel"]?.string == "self" }?["href"]?.string
    }

    /// Reads the versions, newest first; nil if the answer does not list versions.
    static func list(_ json: JSONValue) -> [ServiceVersion]? {
        json["versions"]?.array?.compactMap(ServiceVersion.init(json:)).sorted(by: >)
    }
}
