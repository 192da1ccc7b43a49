// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import HTTPTransport

extension ImageService {
    /// How much a page of 1,000 images with many properties may take.
    static let responseBytesMax = 64 << 20

    /// Sends a small request with a token and returns the answer, any status
    /// but 401: after the first, the token is renewed and the request sent
    /// once more.
    ///
    /// - Throws: ``TranshipError/Code/unauthorized`` after the second 401,
    ///   what ``CloudSession/authenticate()`` throws, and what the network did.
    public func send(_ request: ServiceRequest) async throws(TranshipError) -> HTTPResponse {
        let retries = request.method == .get ? session.quickRetries : 0
        let first = try await session.authorization()
        let answer = try await session.http.send(http(request, first), quickRetries: retries)
        guard answer.status == 401 else { return answer }
        guard await session.invalidate(first) else { throw unauthorized(answer, request) }
        let second = try await session.authorization()
        let again = try await session.http.send(http(request, second), quickRetries: retries)
        guard again.status == 401 else { return again }
        throw unauthorized(again, request)
    }

    /// Sends a small request and refuses every answer but those expected.
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

    /// As ``sendForJSON(_:)``; nil for 404: the service does not have this.
    func sendForJSONIfKnown(_ request: ServiceRequest) async throws(TranshipError) -> JSONValue? {
        let answer = try await send(request, expecting: [200, 404])
        guard answer.status == 200 else { return nil }
        return try JSONValue(body: answer.body, asked: request.asked)
    }

    /// The request as it goes out.
    func http(_ request: ServiceRequest, _ authorization: CloudSession.Authorization) -> HTTPRequest
    {
        var headers = request.headers
        if headers["Accept"] == nil { headers["Accept"] = "*/*" }
        authorization.add(to: &headers)
        return HTTPRequest(
            request.method, request.url(root: authorization.project.imageEndpoint),
            headers: headers, body: request.body, responseBytesMax: Self.responseBytesMax)
    }

    func refusal(_ answer: HTTPResponse, _ request: ServiceRequest) -> TranshipError {
        if answer.status == 401 { return unauthorized(answer, request) }
        let error = answer.refusal(by: "Glance", asked: request.asked)
        if answer.status == 300 {
            // The service lists its versions instead.
            return TranshipError(
                .noImageService,
                "cloud \"\(session.cloudName)\" does not offer this version of the Image API: "
                    + "Glance answered 300 (\(request.asked))",
                hint: "does its entry ask for another one in image_api_version?",
                answer: error.answer)
        }
        return RefusalHint.hint(for: error, request).map(error.hinting) ?? error
    }

    func unauthorized(_ answer: HTTPResponse, _ request: ServiceRequest) -> TranshipError {
        answer.refusal(by: "Glance", asked: request.asked).hinting(
            "Keystone issued the token that cloud \"\(session.cloudName)\" refuses: does its "
                + "Image service belong to that Keystone?")
    }
}
