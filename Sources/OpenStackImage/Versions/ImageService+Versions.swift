// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

extension ImageService {
    /// The API versions that the service offers, newest first.
    ///
    /// Informational: the Image service has no microversions, and what a
    /// minor version brought may be switched off.
    ///
    /// - Throws: ``TranshipError/Code/invalidAnswer`` when what answers at
    ///   the endpoint is no Image service.
    public func versions() async throws(TranshipError) -> [ServiceVersion] {
        var refused: HTTPResponse?
        for request in [VersionRequests.list, VersionRequests.root] {
            let answer = try await send(request)
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
            "\(project.imageEndpoint) answers \(refused?.status ?? 0) and lists no versions of the "
                + "Image API",
            hint: "check the catalogue's image endpoint, or set image_endpoint_override")
    }
}
