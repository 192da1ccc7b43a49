// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceModel
import GlanceServer
import MigrationJournal
import MigrationModel
import MigrationPipeline
import OpenStackImage
import PipelineFiles
import TestSupport
import Testing

@testable import TranshipKit

/// Counts the requests that an image costs, for each row of docs/requests.md. Each count is the
/// difference between runs of 12 and of 4 images, so that requests which a run makes only once do
/// not count.
@Suite(.serialized, .timeLimit(.minutes(5))) struct RequestCountTests {
    private struct Situation: Sendable, CustomTestStringConvertible {
        var name: String
        var source: [String: JSONValue] = [:]
        var target = ""
        var settings = ""
        /// The requests for one image at the source and at the target.
        var atSource: [String]
        var atTarget: [String]

        var testDescription: String { name }
    }

    private static let proved = ["POST /v2/images", "PUT …/file", "GET …"]

    private static let situations = [
        Situation(
            name: "upload, private",
            atSource: ["GET …", "GET …/file"], atTarget: proved),
        Situation(
            name: "upload, another visibility", source: ["visibility": "community"],
            atSource: ["GET …", "GET …/file"], atTarget: proved + ["PATCH …"]),
        Situation(
            name: "upload, hidden and protected", source: ["os_hidden": true, "protected": true],
            target: ", image: { hidden: keep, protected: keep }",
            atSource: ["GET …", "GET …/file"], atTarget: proved + ["PATCH …", "PATCH …"]),
        Situation(
            name: "upload through the spool", settings: "transfer: spool",
            atSource: ["GET …", "GET …/file"], atTarget: proved),
        Situation(
            name: "already there", settings: "again", atSource: [], atTarget: []),
    ]

    /// Returns the requests at both ends in a run with the given number of images.
    private func asked(
        _ situation: Situation, images: Int
    ) async throws -> (source: [String], target: [String]) {
        let folder = try TemporaryFolder()
        let (alpha, beta) = (try GlanceServer(), try GlanceServer())
        for index in 0..<images {
            var fields = situation.source
            fields["name"] = .string("image-\(index)")
            alpha.put(UUID().uuidString.lowercased(), data: noise(1000 + index), fields)
        }
        let isAgain = situation.settings == "again"
        let pipeline = try Pipeline.parse(
            text: """
                version: 1
                name: requests
                \(isAgain ? "" : situation.settings)
                sources: [{ cloud: alpha, images: { hidden: any } }]
                targets: [{ cloud: beta\(situation.target) }]
                """, file: folder.file("requests.yaml"), environment: [:])
        var before = (source: 0, target: 0)
        for _ in 0..<(isAgain ? 2 : 1) {
            before = (alpha.asked.count, beta.asked.count)
            let path = folder.file("journal.sqlite")
            _ = await eventually { Journal.holder(path: path) == nil }
            var tuning = RunTuning()
            tuning.connections = ModelClouds(urls: ["alpha": alpha.url, "beta": beta.url])
            let run = PipelineRun(
                pipeline, journal: try await .open(path: path), environment: [:], tuning: tuning)
            let summary = try await run.carryOut(try await run.plan())
            #expect(summary.exitStatus == .done, "\(summary.failures)")
        }
        return (
            alpha.asked.dropFirst(before.source).map(Self.general),
            beta.asked.dropFirst(before.target).map(Self.general)
        )
    }

    /// Returns a request without ids: `GET …/file`.
    private static func general(_ request: String) -> String {
        request.replacing(/\ \/v2\/images\/[0-9a-f-]{36}/) { _ in " …" }
            .replacing(/\?.*/) { _ in "" }
    }

    private static func tally(_ requests: [String]) -> [String: Int] {
        Dictionary(requests.map { ($0, 1) }, uniquingKeysWith: +)
    }

    @Test(arguments: situations)
    private func `An image costs as many requests as the page says`(
        situation: Situation
    ) async throws {
        let (few, many) = (
            try await asked(situation, images: 4), try await asked(situation, images: 12)
        )
        for (few, many, expected) in [
            (few.source, many.source, situation.atSource),
            (few.target, many.target, situation.atTarget),
        ] {
            let (before, after) = (Self.tally(few), Self.tally(many))
            var each: [String: Int] = [:]
            for (request, count) in after where request != "GET /v2/images" {
                let more = count - (before[request] ?? 0)
                if more != 0 { each[request] = more }
            }
            #expect(each == Self.tally(expected).mapValues { $0 * 8 })
        }
    }

    /// Returns the requests of a run to Keystone for the names of the given number of projects.
    private func askedForNames(projects: Int) async throws -> [[String: Int]] {
        let scene = try CloudScene()
        for number in 0..<projects {
            let project = "project".padding(toLength: 29, withPad: "0", startingAt: 0)
            scene.alpha.put(
                UUID().uuidString.lowercased(), data: noise(1000 + number),
                [
                    "name": .string("image-\(number)"), "visibility": "public",
                    "owner": .string("\(project)\(100 + number)"),
                ])
        }
        scene.alpha.answer(
            "GET", "/v3/auth/projects", with: .status(200, text: #"{"projects":[]}"#))
        scene.alpha.answer(with: .status(200, text: #"{"project":{"name":"a name"}}"#)) {
            $0.path.hasPrefix("/v3/projects/")
        }
        scene.beta.refuse("GET", "/v3/auth/projects", status: 403)
        var counts: [[String: Int]] = []
        for _ in 0..<2 {
            let before = scene.alpha.asked.count
            let run = try await scene.start(
                to: "{ cloud: beta, image: { visibility: private } }",
                from: "{ cloud: alpha, images: { owner: any } }")
            let summary = try await run.carryOut(try await run.plan())
            #expect(summary.exitStatus == .done, "\(summary.failures)")
            let asked = scene.alpha.asked.dropFirst(before).filter { $0.contains(" /v3/") }
            counts.append(
                Self.tally(asked.map { $0.replacing(/projects\/.*/) { _ in "projects/ID" } }))
        }
        return counts
    }

    @Test func `The names of projects are asked for once, each by its id, as the page says`()
        async throws
    {
        let (few, many) = (
            try await askedForNames(projects: 4), try await askedForNames(projects: 12)
        )
        #expect(many[0]["GET /v3/projects/ID"] == 12 && few[0]["GET /v3/projects/ID"] == 4)
        for counts in [few, many] {
            #expect(counts[0]["GET /v3/auth/projects"] == 1)
            // The journal has the names.
            #expect(counts[1].keys.allSatisfy { !$0.contains("projects") }, "\(counts[1])")
        }
    }

    @Test func `The page has the counts that are tested`() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../docs/requests.md").standardizedFileURL
        if ProcessInfo.processInfo.environment["TRANSHIP_WRITE_DOCS"] == "1" {
            try Data(Self.page.utf8).write(to: file)
        }
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(text == Self.page, "docs/requests.md is stale: run `make docs`")
    }

    private static var page: String {
        var text = """
            # Requests an image

            What one image costs at its source and at its target, in requests of the Image service. What a run needs once,
            such as tokens, versions, schemas and the listings by pages, is not in it.

            `make docs` writes this page from the tests, and the tests count each row with the differences between runs of
            4 and of 12 images. `…` is `/v2/images/ID`.

            | situation | at the source | at the target | together |
            |---|---|---|---|

            """
        for situation in situations {
            let all = situation.atSource.count + situation.atTarget.count
            text +=
                "| \(situation.name) | \(words(situation.atSource)) "
                + "| \(words(situation.atTarget)) | \(all) |\n"
        }
        return text + """

            The record at the source is read before its data, since it must not have changed since the plan. The record at
            the target is read once after its data: the same answer proves the copy and says what publishing has to change.
            Each look at an import that is under way costs two requests more, with pauses that grow.

            ## Other projects

            - A run of several projects asks Keystone what they are called, for messages and reports: `GET /v3/auth/projects` once
              at each cloud, then `GET /v3/projects/ID` once for each project that no token and no journal knows, at most 200. Keystone
              answers that for administrators; the first refusal ends it. The journal keeps the names, so the next run asks for
              new projects only. `plan` and `check` ask for those that their messages have.
            - With [`projects`](pipeline-format.md) and tokens, each line of the table costs a token at each end (`POST /v3/auth/tokens`), and
              each source cloud one `GET /v3/auth/projects`. With an administrator's entry, each name in the table costs one
              `GET /v3/projects?name=NAME`, and one `GET /v3/domains?name=DOMAIN` if it has a domain.
            - A kernel or ramdisk that no listing has costs a `GET …` with the token of each source of that Image service, until one
              of them sees it, and one more with the token of its own project.

            """
    }

    private static func words(_ requests: [String]) -> String {
        requests.isEmpty ? "none" : requests.map { "`\($0)`" }.joined(separator: ", ")
    }
}
