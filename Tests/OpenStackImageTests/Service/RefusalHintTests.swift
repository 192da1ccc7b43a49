// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import HTTPTransport
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Hints of refusals")
struct RefusalHintTests {
    private func hint(
        _ request: ServiceRequest, _ status: Int, _ message: String = ""
    ) -> String? {
        let answer = ServiceAnswer(status: status, message: message, asked: request.asked)
        return RefusalHint.hint(
            for: TranshipError(.forbidden, message, answer: answer), request, cloud: "alpha")
    }

    @Test("Only a refusal of the declared format calls for another record")
    func wrongFormat() {
        func refusal(_ code: TranshipError.Code, _ answer: ServiceAnswer?) -> TranshipError {
            TranshipError(code, "refused", answer: answer)
        }
        func answer(_ words: String, by service: ServiceAnswer.Service = .image) -> ServiceAnswer {
            ServiceAnswer(
                status: 415, message: words, asked: "PUT /v2/images/a/file", service: service)
        }
        let request = ServiceRequest(.put, "/v2/images/a/file")
        for (words, isWrong) in [("does not match", true), ("failed a Safety Check", false)] {
            #expect(refusal(.formatRejected, answer(words)).isOfWrongFormat == isWrong)
            #expect(hint(request, 415, words)?.contains("delete the image") == isWrong)
        }
        // Refusals by our own look at the data, and by a source.
        #expect(!refusal(.formatRejected, nil).isOfWrongFormat)
        #expect(!refusal(.formatRejected, answer("", by: .source)).isOfWrongFormat)
        #expect(!refusal(.conflict, answer("")).isOfWrongFormat)
    }

    @Test("403 of data speaks of a deactivated image only if the service does")
    func dataOfActiveImage() {
        for path in ["/v2/images/a/file", "/v1/images/a"] {
            let words = "The requested image has been deactivated."
            #expect(hint(ServiceRequest(.get, path), 403, words)?.contains("reactivate") == true)
            #expect(
                hint(ServiceRequest(.get, path), 403, "Forbidden")?.contains("deactivated") != true)
        }
        #expect(
            hint(ServiceRequest(.get, "/v2/images/a/file"), 403)?.contains("download_image") == true
        )
    }

    @Test("a policy that refuses the user names the role, and how to see the user's own")
    func roles() {
        func refused(_ method: HTTPRequest.Method, _ path: String, _ action: String) -> String? {
            hint(
                ServiceRequest(method, path), 403,
                "You are not authorized to complete \(action) action.")
        }
        let cases: [(HTTPRequest.Method, String, String)] = [
            (.post, "/v2/images", "add_image"), (.get, "/v2/images", "get_images"),
            (.patch, "/v2/images/a", "modify_image"), (.delete, "/v2/images/a", "delete_image"),
            (.put, "/v2/images/a/file", "upload_image"),
            (.get, "/v2/images/a/file", "download_image"),
        ]
        for (method, path, action) in cases {
            let words = refused(method, path, action) ?? ""
            let role = action == "get_images" ? "reader" : "member"
            #expect(words.contains("takes the role \(role)"), "\(action): \(words)")
            #expect(words.contains("`tranship doctor alpha`"), "\(action): \(words)")
        }
        #expect(
            refused(.patch, "/v2/images/a", "publicize_image")?.contains("publish images") == true)
    }

    @Test(
        "a quota of the project, and a full store, have a step with every request",
        arguments: [
            (HTTPRequest.Method.post, "/v2/images"), (.post, "/v2/images/a/import"),
            (.patch, "/v2/images/a"), (.put, "/v2/images/a/file"), (.put, "/v2/images/a/stage"),
        ])
    func quotas(_ method: HTTPRequest.Method, _ path: String) {
        let request = ServiceRequest(method, path)
        let words = "Resource image_count_total is over limit of 10 due to current usage 10"
        let usage = "`tranship usage --cloud alpha` shows the quotas"
        #expect(hint(request, 413, words)?.hasPrefix(usage) == true)
        #expect(hint(request, 413, "Image storage media is full")?.contains("store of") == true)
        #expect(hint(request, 507)?.contains("the store of the cloud is full") == true)
    }

    @Test("a limit of one image names what to take away")
    func limits() {
        let record = ServiceRequest(.patch, "/v2/images/a")
        #expect(hint(record, 413, "too many image properties")?.contains("fewer prop") == true)
        #expect(hint(record, 413, "too many tags")?.contains("fewer tags") == true)
        // The name of this quota contains "tag".
        let staging = ServiceRequest(.put, "/v2/images/a/stage")
        #expect(hint(staging, 413, "image_stage_total")?.contains("usage --cloud") == true)
        let members = ServiceRequest(.post, "/v2/images/a/members")
        #expect(hint(members, 413)?.contains("image_member_quota") == true)
    }

    @Test("a policy that refuses a list in its own words names the operator and the roles")
    func refusedList() {
        for path in ["/v2/images", "/v2/images/a"] {
            let words = hint(ServiceRequest(.get, path), 403, "policy says no") ?? ""
            #expect(words.hasPrefix("ask the operator of the cloud, whose policy"), "\(words)")
            #expect(words.contains("`tranship doctor alpha`"), "\(words)")
        }
    }

    @Test("404 of a list is about the API, and 404 of a record about its id")
    func missingList() {
        for path in ["/v1/images", "/v1/images/detail"] {
            #expect(hint(ServiceRequest(.get, path), 404)?.contains("no Images API v1") == true)
        }
        #expect(hint(ServiceRequest(.get, "/v2/images"), 404)?.contains("no Images API v2") == true)
        for path in ["/v1/images/a", "/v2/images/a"] {
            #expect(
                hint(ServiceRequest(.get, path), 404)?.hasPrefix("no image has this id") == true)
        }
    }

    @Test("a redirect is not followed, and the error says where it leads and what to correct")
    func redirects() async throws {
        let cloud = try FaultyCloud { _, _ in
            .status(301, headers: [("Location", "https://new.example/v2/images?sig=secret")])
        }
        let service = cloud.service
        var errors: [TranshipError?] = []
        errors.append(
            await #expect(throws: TranshipError.self) {
                for try await _ in service.images() {}
            })
        errors.append(
            await #expect(throws: TranshipError.self) {
                let ring = ByteRing()
                ring.finishWriting()
                try await service.upload("a", from: ring, sizeBytes: 0)
            })
        errors.append(
            await #expect(throws: TranshipError.self) { _ = try await service.versions() })
        errors.append(
            await #expect(throws: TranshipError.self) {
                _ = try await LegacyImageService(service.session).image("a")
            })
        for error in errors {
            #expect(error?.code == .badRedirect)
            #expect(
                error?.message.hasPrefix("cloud \"faulty\": Glance answered 301") == true)
            #expect(
                error?.message.contains("the redirect leads to https://new.example/v2/images and")
                    == true)
            #expect(error?.message.contains("secret") == false)
            #expect(error?.hint?.contains("image_endpoint_override") == true)
        }
    }

    @Test(
        "a 401 is explained by the cloud's way to log in",
        arguments: [
            (CloudConfiguration.Authentication.none, "has auth_type none"),
            (.basic(username: "u", password: Secret("p")), "auth_type http_basic"),
        ] as [(CloudConfiguration.Authentication, String)])
    func withoutKeystone(
        _ login: CloudConfiguration.Authentication, _ words: String
    ) async throws {
        let server = try RawHTTPServer { _ in .status(401) }
        let service = ImageService(
            CloudSession(
                CloudConfiguration(
                    name: "plain", authentication: login, imageEndpointOverride: server.url)))
        let error = await #expect(throws: TranshipError.self) {
            for try await _ in service.images() {}
        }
        #expect(error?.code == .unauthorized)
        #expect(error?.hint?.contains(words) == true)
        #expect(error?.hint?.contains("Keystone issued") == false)
    }
}
