// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import HTTPTransport
import TestSupport
import Testing

@testable import OpenStackImage

/// Refusals with 401 because the access rules of an application credential do not allow the
/// request.
@Suite("Requests that an application credential may not send", .timeLimit(.minutes(5)))
struct DenialTests {
    /// Starts a cloud whose Glance answers 401 to requests that `denied` selects.
    ///
    /// - Parameter rules: the rules in each token, as JSON; nil leaves them out.
    private func cloud(
        rules: String?, denied: @escaping @Sendable (ReceivedRequest) -> Bool
    ) throws -> FaultyCloud {
        let rules = rules.map { #","access_rules":\#($0)"# } ?? ""
        return try FaultyCloud(credential: #"{"id":"c"\#(rules)}"#) { request, _ in
            if denied(request) { return .status(401, text: "Authentication required") }
            return request.method == "GET" ? .status(200, text: #"{"id":"i"}"#) : .status(204)
        }
    }

    private static let readOnly = #"[{"service":"image","method":"GET","path":"/v2/**"}]"#

    private func upload(_ service: ImageService) async -> TranshipError? {
        await failure {
            let ring = ByteRing(capacityBytes: 1 << 16)
            ring.finishWriting()
            try await service.upload("i", from: ring, sizeBytes: 0)
        }
    }

    @Test("the rules in the token decide: no other token is requested, and the rule is named")
    func known() async throws {
        let cloud = try cloud(rules: Self.readOnly) { $0.method != "GET" }
        let service = cloud.service
        for _ in 0..<3 {
            for error in [
                await upload(service), await failure { try await service.delete("i") },
            ] {
                #expect(error?.code == .forbidden && error?.isTransient == false)
                #expect(error?.message.contains("access rules") == true)
                #expect(error?.message.contains(" lack ") == true)
            }
        }
        let error = await upload(service)
        #expect(error?.message.contains("lack PUT /v2/images/*/file: Glance answered 401") == true)
        #expect(error?.hint?.contains("method PUT, path /v2/images/*/file") == true)
        #expect(cloud.tokenCount == 1)
        #expect(try await service.image("i").id == "i")
    }

    @Test("without rules in the token, one question shows that the token is good")
    func unknown() async throws {
        let cloud = try cloud(rules: nil) { $0.method == "PUT" }
        let service = cloud.service
        for _ in 0..<3 {
            let error = await upload(service)
            #expect(error?.code == .forbidden && error?.isTransient == false)
            #expect(error?.message.contains("may lack PUT /v2/images/*/file") == true)
        }
        #expect(cloud.tokenCount == 1)
        #expect(cloud.asked.count { $0 == "GET /v2/images/i" } == 1)
    }

    @Test("a small request is sent with one more token, and its kind is not asked for again")
    func smallRequests() async throws {
        let cloud = try cloud(rules: nil) { $0.path.hasPrefix("/v2/info") }
        let service = cloud.service
        _ = try await service.image("i")
        for _ in 0..<3 {
            let error = await failure { _ = try await service.importInfo() }
            #expect(error?.code == .forbidden)
        }
        #expect(cloud.tokenCount == 2)
        #expect(cloud.asked.count { $0 == "GET /v2/info/import" } == 4)
    }

    @Test("a token that the service takes for nothing is not the fault of rules")
    func foreignToken() async throws {
        let cloud = try cloud(rules: nil) { _ in true }
        let error = await failure { _ = try await cloud.service.image("i") }
        #expect(error?.code == .unauthorized)
        #expect(error?.hint?.contains("belong to that Keystone") == true)
        // The rules allow the request, but the service does not know them.
        let allowing = try self.cloud(rules: Self.readOnly) { _ in true }
        let refused = await failure { _ = try await allowing.service.image("i") }
        #expect(refused?.code == .unauthorized)
        #expect(refused?.hint?.contains("service_type") == true)
    }

    @Test("a body whose token has ended is sent again with a new one")
    func endedToken() async throws {
        let ended = Guarded(true)
        let cloud = try cloud(rules: nil) { request in
            ended.withLock { $0 } && request[header: "x-auth-token"] == "token-1"
        }
        let service = cloud.service
        #expect(await upload(service)?.isTransient == true)
        #expect(await upload(service) == nil)
        #expect(cloud.tokenCount == 2)
    }

    @Test("patterns have a star for each id")
    func patterns() {
        let patterns = [
            "/v2/images", "/v2/images/i", "/v2/images/i/file", "/v2/images/i/members/m",
            "/v2/images/i/tags/t", "/v2/tasks/t", "/v2/stores/s/i", "/v2/info/import",
            "/v2/images/i/actions/deactivate",
        ].map { ServiceRequest(.get, $0).pattern }
        #expect(
            patterns == [
                "/v2/images", "/v2/images/*", "/v2/images/*/file", "/v2/images/*/members/*",
                "/v2/images/*/tags/*", "/v2/tasks/*", "/v2/stores/*/*", "/v2/info/import",
                "/v2/images/*/actions/deactivate",
            ])
    }
}
