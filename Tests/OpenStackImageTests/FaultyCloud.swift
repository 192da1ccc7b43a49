// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import OpenStackImage
import TestSupport

/// A Keystone and a Glance in one raw server, for faults that the real ones cannot be made to show.
/// Issues `token-1`, `token-2`, …; the test answers every other path, and gets the number of the
/// request's token.
final class FaultyCloud: Sendable {
    let server: RawHTTPServer
    private let issued: Guarded<Int>
    private let isApplication: Bool

    /// The number of tokens that were requested.
    var tokenCount: Int { issued.withLock { $0 } }

    /// - Parameter credential: the application credential that signs in, as JSON; nil for a user.
    init(
        endpointPath: String = "", issuedAt: String = "2026-11-21T03:00:00.000000Z",
        expiresAt: String = "2026-11-21T04:00:00.000000Z", credential: String? = nil,
        glance: @escaping @Sendable (ReceivedRequest, _ token: Int) -> Reply
    ) throws {
        let issued = Guarded(0)
        self.issued = issued
        isApplication = credential != nil
        let application = credential.map { #""application_credential":\#($0),"# } ?? ""
        server = try RawHTTPServer { request in
            guard request.path == "/v3/auth/tokens" else {
                let token = request[header: "x-auth-token"].flatMap { Int($0.dropFirst(6)) }
                return glance(request, token ?? 0)
            }
            let number = issued.withLock { count in
                count += 1
                return count
            }
            let host = request[header: "host"] ?? ""
            return .status(
                201, headers: [("X-Subject-Token", "token-\(number)")],
                text: """
                    {"token":{"issued_at":"\(issuedAt)","expires_at":"\(expiresAt)",
                    \(application)"project":{"id":"p","name":"demo"},"roles":[],"catalog":[{"type":"image",
                    "endpoints":[{"interface":"public","region_id":"R",
                    "url":"http://\(host)\(endpointPath)"}]}]}}
                    """)
        }
    }

    var configuration: CloudConfiguration {
        CloudConfiguration(
            name: "faulty",
            authentication: isApplication
                ? .applicationCredential(.id("c"), secret: Secret("s"))
                : .password(.id("u"), password: Secret("pw")),
            authURL: server.url, scope: isApplication ? nil : .projectID("p"))
    }

    var service: ImageService { ImageService(CloudSession(configuration)) }

    /// The requests that were not for Keystone.
    var asked: [String] {
        server.requests.filter { $0.path != "/v3/auth/tokens" }.map {
            "\($0.method) \($0.target)"
        }
    }
}
