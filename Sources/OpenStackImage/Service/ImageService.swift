// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import HTTPTransport

/// The Image service (Glance) of one cloud, API v2
/// (<https://docs.openstack.org/api-ref/image/v2/>).
///
/// There is one method per operation. A method sends one request (two, if its comment says so) and
/// does not retry, with one exception: if the service refuses the token, the request is sent once
/// more with a new one. A refusal of the service is thrown as ``TranshipError`` with its message.
///
/// ```swift
/// let session = try CloudSession.named("alpha", environment: environment)
/// let service = ImageService(session)
/// for try await page in service.images(ImageQuery(name: "Ubuntu 24.04")) {
///     for image in page { print(image.id, image.status) }
/// }
/// ```
public struct ImageService: Sendable {
    /// The session with the cloud.
    public let session: CloudSession

    /// Creates a service. Sends nothing yet.
    public init(_ session: CloudSession) {
        self.session = session
    }
}

extension ImageService {
    /// The maximum size of an answer: a page of 1,000 images with many properties fits.
    static let responseBytesMax = 64 << 20

    /// Sends a small request with a token and returns the answer, with any status. After a 401
    /// it renews the token and sends the request once more.
    ///
    /// - Throws: ``TranshipError/Code/unauthorized`` after the second 401;
    ///   ``TranshipError/Code/forbidden`` for a 401 because the application credential may not send
    ///   such a request; the errors of ``CloudSession/authenticate()``, and network failures.
    public func send(_ request: ServiceRequest) async throws(TranshipError) -> HTTPResponse {
        let retries = request.method == .get ? session.quickRetries : 0
        let first = try await session.authorization()
        let answer = try await exchange(request, first, retries)
        guard answer.status == 401 else { return noting(answer, request) }
        // A new token does not help against the access rules of a credential.
        guard !isDenied(request, first.project), await session.invalidate(first) else {
            throw unauthorized(answer, request, first.project)
        }
        let second = try await session.authorization()
        let again = try await exchange(request, second, retries)
        guard again.status == 401 else { return noting(again, request) }
        throw unauthorized(again, request, second.project)
    }

    private func exchange(
        _ request: ServiceRequest, _ authorization: CloudSession.Authorization, _ retries: Int
    ) async throws(TranshipError) -> HTTPResponse {
        let sent = try http(request, authorization)
        do {
            return try await session.http.send(sent, quickRetries: retries)
        } catch {
            throw error.naming(otherEndpoints: authorization.project.otherImageEndpoints)
        }
    }

    /// Sends a small request. Throws if the answer does not have one of these statuses.
    @discardableResult
    public func send(
        _ request: ServiceRequest, expecting statuses: Set<Int>
    ) async throws(TranshipError) -> HTTPResponse {
        let answer = try await send(request)
        guard statuses.contains(answer.status) else { throw refusal(answer, request) }
        return answer
    }

    /// Sends a small request whose answer is JSON with status 200, 201 or 202.
    public func sendForJSON(_ request: ServiceRequest) async throws(TranshipError) -> JSONValue {
        let answer = try await send(request, expecting: [200, 201, 202])
        return try JSONValue(body: answer.body, asked: request.asked)
    }

    /// Works as ``sendForJSON(_:)``, but returns nil for a 404, if the service does not have the
    /// resource.
    func sendForJSONIfKnown(_ request: ServiceRequest) async throws(TranshipError) -> JSONValue? {
        let answer = try await send(request, expecting: [200, 404])
        guard answer.status == 200 else { return nil }
        return try JSONValue(body: answer.body, asked: request.asked)
    }

    /// Returns the request in the form in which it is sent.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` for an id or a name that would make the path lead
    ///   elsewhere: `DELETE /v2/images/ID/tags/..` would delete the image. No service has such an
    ///   id.
    func http(
        _ request: ServiceRequest, _ authorization: CloudSession.Authorization
    ) throws(TranshipError) -> HTTPRequest {
        if let part = request.path.split(separator: "/").first(where: { $0.isDots }) {
            throw TranshipError(
                .notFound, "\"\(part)\" is not an id, so nothing was sent (\(request.asked))",
                hint: "name it by its id")
        }
        var headers = request.headers
        if headers["Accept"] == nil { headers["Accept"] = "*/*" }
        if let id = RequestID.current { headers[RequestID.header] = id }
        authorization.add(to: &headers)
        var sent = HTTPRequest(
            request.method, request.url(root: authorization.project.imageEndpoint),
            headers: headers, body: request.body, responseBytesMax: Self.responseBytesMax)
        sent.isRepeatable = request.isRepeatable
        sent.bodyBytesMax = request.bodyBytesMax
        sent.bodySizeField = request.bodySizeField
        sent.secrets = request.secrets
        return sent
    }

    func refusal(_ answer: HTTPResponse, _ request: ServiceRequest) -> TranshipError {
        let error = answer.refusal(by: .image, asked: request.asked)
        if answer.status == 300 {
            // The service answered with a list of its versions.
            return TranshipError(
                .noImageService,
                "cloud \"\(session.cloudName)\" does not offer this version of the Image API: "
                    + "Glance answered 300 (\(request.asked))",
                hint: "check image_api_version in the cloud's entry",
                answer: error.answer, naming: session.cloudName)
        }
        if answer.isRedirect {
            return error.of(cloud: session.cloudName)
                .hinting("correct the endpoint in the catalogue, or set image_endpoint_override")
        }
        return RefusalHint.hint(for: error, request, cloud: session.cloudName).map {
            error.hinting($0)
        }
            ?? error
    }
}

extension TranshipError {
    /// The number of further addresses that a hint names.
    private static let namedEndpointsMax = 3

    /// Returns the error with the other addresses of the catalogue in its hint, if there was no
    /// connection to the first one.
    func naming(otherEndpoints urls: [String]) -> TranshipError {
        guard code == .unreachable, !urls.isEmpty else { return self }
        let named = urls.prefix(Self.namedEndpointsMax).map { shownURL($0).cut(to: 200) }
        let other =
            "the catalogue lists this address first; to use another of its addresses, set "
            + "image_endpoint_override in the cloud's entry: \(named.joined(separator: ", "))"
        return hinting([hint, other].compactMap(\.self).joined(separator: "; "))
    }
}

extension StringProtocol {
    /// True for `.` and `..`, the parts of a path that curl and servers remove.
    var isDots: Bool { self == "." || self == ".." }
}
