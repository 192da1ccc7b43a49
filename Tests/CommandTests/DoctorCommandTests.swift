// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceServer
import TestSupport
import Testing

/// The verdict of `doctor` about clouds without Keystone; the lab has clouds with Keystone.
@Suite(.timeLimit(.minutes(5)))
struct DoctorCommandTests {
    @Test func `A cloud is judged as a source and as a target`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let alpha = try await desk.run("tranship doctor alpha")
        #expect(alpha.status == 0, "\(alpha.said)")
        #expect(
            alpha.output.contains("source    yes: 1 image of the project, 4.9 KiB\n"),
            "\(alpha.said)")
        #expect(alpha.output.contains("target    yes\n"), "\(alpha.said)")
        let beta = try await desk.run("tranship doctor beta -f value -c source -c source_reasons")
        #expect(
            beta.output
                == "True\nthe project owns no image; `owner: any` selects those of others\n",
            "\(beta.said)")
        #expect(desk.alpha.changes.isEmpty && desk.beta.changes.isEmpty)
    }

    @Test func `A cloud that does not list its images is not a source`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        desk.alpha.refuse("GET", "/v2/images", status: 403, text: "policy says no")
        let alpha = try await desk.run("tranship doctor alpha")
        #expect(alpha.output.contains("source    NO: its images: "), "\(alpha.said)")
        #expect(alpha.output.contains("policy says no"), "\(alpha.said)")
        let both = try await desk.run("tranship doctor alpha beta")
        #expect(both.status == 3, "\(both.said)")
        #expect(both.output.contains("copy      NO: source alpha: its images: "), "\(both.said)")
    }

    @Test(arguments: [
        (401, "{}"), (400, "no such thing"), (200, "<html>"), (403, "policy says no"),
    ])
    func `A cloud that refuses every list is neither a source nor a target`(
        status: Int, text: String
    ) async throws {
        let desk = try Desk()
        defer { desk.remove() }
        desk.alpha.answer(with: .status(status, text: text)) { $0.path.hasPrefix("/v2/") }
        let alpha = try await desk.run("tranship doctor alpha")
        #expect(alpha.status == 3, "\(alpha.said)")
        for row in ["source    NO: its images: ", "target    NO: its images: "] {
            #expect(alpha.output.contains(row), "\(alpha.said)")
        }
        let both = try await desk.run("tranship doctor beta alpha")
        #expect(both.status == 3, "\(both.said)")
        #expect(both.output.contains("target alpha: its images: "), "\(both.said)")
    }

    @Test func `An entry that asks for v1 of a cloud with v2 is named as the cause`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        desk.alpha.answer(
            with: .status(200, text: #"{"versions":[{"id":"v2.16","status":"CURRENT"}]}"#)
        ) { $0.path == "/versions" }
        let clouds = Desk.clouds(alpha: desk.alpha.url, beta: desk.beta.url)
        try desk.write(
            "clouds.yaml",
            clouds.replacing("alpha: {", with: "alpha: { image_api_version: 1,"))
        let alpha = try await desk.run("tranship doctor alpha")
        let row = "target    NO: its entry has image_api_version: 1, and a target needs v2: remove"
        #expect(alpha.output.contains(row), "\(alpha.said)")
    }

    @Test func `A user who may not read data has no source`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        desk.alpha.answer(
            with: .status(403, text: "You are not authorized to complete download_image action.")
        ) { $0.path.hasSuffix("/file") }
        let alpha = try await desk.run("tranship doctor alpha")
        let refusal = "this user may not read the data of image "
        #expect(alpha.output.contains("source    NO: \(refusal)"), "\(alpha.said)")
        #expect(alpha.output.contains("that takes the role member"), "\(alpha.said)")
        let both = try await desk.run("tranship doctor alpha beta")
        #expect(both.status == 3, "\(both.said)")
        #expect(both.output.contains("copy      NO: source alpha: \(refusal)"), "\(both.said)")
        let copy = try await desk.run("tranship copy alpha beta ubuntu-24.04")
        #expect(copy.status == 3, "\(copy.said)")
        #expect(copy.talk.contains("takes the role member in the project"), "\(copy.said)")
    }

    @Test func `Of two clouds, the one that does not answer is named`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try desk.write(
            "clouds.yaml", Desk.clouds(alpha: desk.alpha.url, beta: Desk.deadAddress))
        let both = try await desk.run("tranship doctor alpha beta")
        #expect(both.status == 7, "\(both.said)")
        #expect(both.talk.contains("error: cloud \"beta\": "), "\(both.said)")
    }

    @Test func `The next command has the words that were given`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try desk.write(
            "clouds.yaml",
            Desk.clouds(alpha: desk.alpha.url, beta: desk.beta.url)
                + "  my beta: { auth_type: none, image_endpoint_override: \"\(desk.beta.url)\" }\n")
        let doctor = try await desk.run("tranship doctor alpha 'my beta'")
        let command = "tranship copy alpha 'my beta' --dry-run"
        #expect(doctor.output.contains("next      \(command)\n"), "\(doctor.said)")
        let next = try await desk.run(command)
        #expect(next.status == 0, "\(next.said)")
    }

    @Test func `A cloud says whether it gives parts of an image`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        var alpha = try await desk.run("tranship doctor alpha")
        #expect(alpha.output.contains("ranges    yes, as image "), "\(alpha.said)")
        let beta = try await desk.run("tranship doctor beta")
        #expect(
            beta.output.contains("ranges    not known: there is no image to try it with\n"),
            "\(beta.said)")
        desk.alpha.answer(with: .status(400, text: "random access is not supported")) {
            $0.path.hasSuffix("/file") && $0[header: "range"] != nil
        }
        alpha = try await desk.run("tranship doctor alpha")
        #expect(alpha.output.contains("ranges    no, the store of image "), "\(alpha.said)")
        let json = try await desk.run("tranship doctor alpha -f json")
        #expect(json.output.contains(#""ranges":false"#), "\(json.said)")
        desk.alpha.refuse("GET", "/v2/images", status: 403, text: "policy says no")
        alpha = try await desk.run("tranship doctor alpha")
        #expect(alpha.output.contains("ranges    not known: "), "\(alpha.said)")
    }

    @Test func `Two clouds are judged as a copy, and the next command works`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let copy = try await desk.run("tranship doctor alpha beta")
        #expect(copy.status == 0, "\(copy.said)")
        for line in [
            "copy      yes\n", "images    1 image of the project, 4.9 KiB\n", "method    upload",
            "formats   raw 1; the target takes them\n",
            "next      tranship copy alpha beta --dry-run\n",
        ] {
            #expect(copy.output.contains(line), "\(copy.said)")
        }
        let next = try await desk.run("tranship copy alpha beta --dry-run")
        #expect(next.status == 0, "\(next.said)")
        let json = try await desk.run("tranship doctor alpha beta -f json")
        #expect(json.output.contains(#""type":"doctor-copy""#), "\(json.said)")
        #expect(json.output.contains(#""possible":true"#), "\(json.said)")
        let empty = try await desk.run("tranship doctor beta alpha")
        #expect(empty.status == 0 && !empty.output.contains("next"), "\(empty.said)")
        let same = try await desk.run("tranship doctor alpha alpha")
        #expect(same.status == 3, "\(same.said)")
        #expect(same.output.contains("one project of one cloud"), "\(same.said)")
    }
}
