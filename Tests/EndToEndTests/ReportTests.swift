// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    /// `report`: the results of a run, in each of its forms.
    @Suite struct ReportTests {
        @Test("a report has each transfer in each form, and the request ids are in the cloud's log")
        func forms() async throws {
            try await scene("report") { scene in
                try await scene.alpha.add("\(scene.prefix) =1+1", Sample.raw(7000, seed: 1))
                try await scene.alpha.add("\(scene.prefix) <b>, \"x\"", Sample.raw(8000, seed: 2))
                try await scene.alpha.add(
                    "\(scene.prefix) ami", Sample.raw(7000, seed: 4), disk: "ami",
                    container: "ami", ["kernel_id": .string(UUID().uuidString.lowercased())])
                let file = try scene.cloudPipeline()
                let run = try await scene.tranship(
                    "run", file, environment: ["PLANTED_SECRET": "planted-secret"])
                #expect(run.status == 3, run.said)

                let json = try await scene.tranship("report", "--json")
                #expect(json.status == 0, json.said)
                let transfers = json.lines("report-transfer")
                #expect(transfers.count == 2, json.said)
                let log = try String(
                    contentsOfFile: "\(Lab.folder)/beta/glance.log", encoding: .utf8)
                for transfer in transfers {
                    #expect(transfer.text("digest").hasPrefix("sha512:"), json.said)
                    let ids = (transfer["request_ids"]?.array ?? []).compactMap(\.string)
                    #expect(ids.count == 1 && ids.allSatisfy { log.contains($0) }, json.said)
                    let states = (transfer["stages"]?.array ?? []).map { $0.text("state") }
                    #expect(
                        states == [
                            "reading", "registered", "sending", "verifying", "publishing", "done",
                        ],
                        json.said)
                }
                let facts = try #require(json.lines("report-run").first)
                #expect(facts.text("who").contains("@"), json.said)
                #expect(facts.text("pipeline_digest").hasPrefix("sha256:"), json.said)

                let csv = try await scene.tranship("report", "1", "--csv")
                #expect(csv.output.components(separatedBy: "\r\n").count == 5, csv.said)
                #expect(csv.output.contains(" ami,beta,,refused,"), csv.said)
                let project = try await scene.beta.projectID
                #expect(
                    csv.output.components(separatedBy: ",beta,\(project),done,").count == 3,
                    csv.said)
                #expect(csv.output.contains("\"\(scene.prefix) <b>, \"\"x\"\"\""), csv.said)

                let statement = try await scene.tranship("report", "--in-toto")
                let value = try #require(statement.lines.first)
                #expect(value.text("_type") == "https://in-toto.io/Statement/v1")
                for copy in try await scene.beta.images(scene.prefix) {
                    let subject = value["subject"]?.array?.first {
                        $0.text("name").hasSuffix(copy.id)
                    }
                    #expect(subject?["digest"]?["sha512"] == copy["os_hash_value"], statement.said)
                }

                let page = scene.folder.appendingPathComponent("run.html").path
                let html = try await scene.tranship("report", "--html", page)
                #expect(html.status == 0, html.said)
                let text = try String(contentsOfFile: page, encoding: .utf8)
                #expect(!text.contains("<b>, "))
                #expect(text.contains("default-src 'none'"))
                #expect(!text.contains("planted-secret") && !text.contains("src="))
                let words = try await scene.tranship("report")
                #expect(words.output.contains("done"), words.said)
                #expect(words.output.contains("refused: its kernel_id names image"), words.said)
            }
        }
    }
}
