// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    /// The departure from a cloud: a copy of all images of several projects, and then of later
    /// changes.
    @Suite struct DepartureTests {
        private static let conditions =
            "hidden: any, status: [active, deactivated], snapshots: include"

        private static let letters = ["a", "b", "c"]

        /// Makes the pipeline of three projects.
        ///
        /// - Parameters:
        ///   - condition: the conditions for the source's images.
        ///   - rules: the rules of the target.
        ///   - letters: the letters of the projects, in the order of the table.
        private func pipeline(
            _ scene: Scene, _ way: String, _ condition: String = "", _ rules: String = "",
            letters: [String] = letters
        ) throws -> String {
            let table = letters.map { "\(scene.prefix)-\($0): \(scene.prefix)-\($0)" }
            return try scene.pipeline(
                """
                sources:
                  - cloud: alpha-admin
                    images: { name: "\(scene.prefix) *", \(Self.conditions)\(condition) }
                targets:
                  - cloud: beta-admin
                    \(rules)
                projects: { \(table.joined(separator: ", ")) }
                limits: { deletes: 1000 }
                """, file: "\(way).yaml")
        }

        private func removeCopies(_ scene: Scene) async throws {
            for copy in try await LabCloud.betaAdmin.images(scene.prefix) {
                try await LabCloud.betaAdmin.delete(copy)
            }
        }

        @Test("after the move, each project's user sees at beta what it saw at alpha, by both ways")
        func threeProjects() async throws {
            try await scene("departure") { scene in
                try await Departure.with(scene) { departure in
                    let before = try await departure.seen(at: "alpha")
                    let originals = try await LabCloud.alphaAdmin.images(scene.prefix)

                    let admin = try pipeline(
                        scene, "admin", ", owner: any", "image: { owner: projects }")
                    let run = try await scene.tranship("run", admin)
                    #expect(run.status == 0, run.said)
                    let check = try await scene.tranship("check", admin, "--download")
                    #expect(check.status == 0, check.said)
                    #expect(check.talk.contains("\(originals.count) the same\n"), check.said)
                    let after = try await departure.seen(at: "beta")
                    Departure.expectSame(before, after)
                    #expect(try await LabCloud.alphaAdmin.images(scene.prefix) == originals)
                    try await removeCopies(scene)
                    try await self.byTokens(scene, departure, before)
                }
            }
        }

        /// Tests the same with a token of each project, in any order of the table: a kernel in
        /// another project is copied with that project's token.
        private func byTokens(
            _ scene: Scene, _ departure: Departure, _ before: [String]
        ) async throws {
            for letters in [Self.letters, Self.letters.reversed()] {
                let way = "tokens-\(letters.joined())"
                let file = try pipeline(scene, way, letters: letters)
                let journal = [
                    "--journal", scene.folder.appendingPathComponent("\(way).sqlite").path,
                ]
                let run = try await scene.start(["run", file] + journal).outcome()
                #expect(run.status == 0, run.said)
                let check = try await scene.start(["check", file] + journal).outcome()
                #expect(check.status == 0, check.said)
                let lines = check.output.split(separator: "\n")
                // The output names copies only because members still have to accept them.
                #expect(lines.allSatisfy { $0.contains(" to accept the copy ") }, check.said)
                let after = try await departure.seen(at: "beta")
                Departure.expectSame(before, after)
                let report = try await scene.start(["report", "--csv"] + journal).outcome()
                for letter in letters {
                    #expect(report.output.contains(",\(scene.prefix)-\(letter),,"), report.said)
                }
                let undo = try await scene.start(["rollback", file, "1", "--yes"] + journal)
                    .outcome()
                #expect(undo.status == 0, undo.said)
                #expect(try await LabCloud.betaAdmin.images(scene.prefix).isEmpty, undo.said)
            }
        }

        /// Runs of one pipeline, with proxies that count.
        private struct CountedRuns {
            let scene: Scene
            let alpha: Proxy
            let beta: Proxy

            init(_ scene: Scene) async throws {
                self.scene = scene
                alpha = try await Proxy(to: .alpha)
                beta = try await Proxy(to: .beta)
            }

            /// Performs one run, and returns its requests at both Image services.
            func asked() async throws -> (alpha: [String], beta: [String]) {
                let (source, target) = (alpha.asked.count, beta.asked.count)
                let clouds = try Proxy.cloudsFile(
                    in: scene.folder, adding: [("from", "alpha", alpha), ("to", "beta", beta)])
                let file = try scene.cloudPipeline(
                    source: "from", target: "to", targetKeys: "on_conflict: update")
                let run = try await scene.tranship(
                    "run", file, environment: ["OS_CLIENT_CONFIG_FILE": clouds])
                #expect(run.status == 0, run.said)
                return (
                    Array(alpha.asked.dropFirst(source)), Array(beta.asked.dropFirst(target))
                )
            }
        }

        @Test("a second run moves what is new or changed, asks for nothing else, removes nothing")
        func delta() async throws {
            try await scene("delta") { scene in
                let originals = try await scene.addTwelve(bytes: 70_000)
                let runs = try await CountedRuns(scene)
                _ = try await runs.asked()
                let idle = try await runs.asked()

                // The bytes of an id never change: an image is removed, and made again.
                let renewed = try #require(originals.first { $0.name.hasSuffix(" rescue") })
                let edited = try #require(originals.first { $0.name.hasSuffix(" scratch disk") })
                try await scene.alpha.delete(renewed)
                let again = try await scene.alpha.add(renewed.name, Sample.raw(9000, seed: 77))
                let new = try await scene.alpha.add(
                    "\(scene.prefix) new", Sample.raw(9000, seed: 78))
                try await scene.alpha.change(edited.id, ["os_distro": "debian"])
                let before = try await scene.beta.images(scene.prefix)
                let delta = try await runs.asked()
                let after = try await scene.beta.images(scene.prefix)

                let made = after.filter { image in !before.contains { $0.id == image.id } }
                #expect(made.map(\.name).sorted() == [again.name, new.name].sorted())
                let update = try #require(after.first { $0.name == edited.name })
                #expect(update["os_distro"] == "debian")
                for copy in before where copy.id != update.id {
                    #expect(after.first { $0.id == copy.id } == copy)
                }
                // Besides the listings, a run with nothing to do examines only the images that
                // others name.
                let named = Set(
                    originals.flatMap { [$0.text("kernel_id"), $0.text("ramdisk_id")] })
                for request in idle.alpha + idle.beta where request.contains("/v2/images/") {
                    #expect(named.contains { !$0.isEmpty && request.hasSuffix($0) }, "\(request)")
                }
                expectOnly(delta.alpha, beyond: idle.alpha, about: [again, new, edited])
                expectOnly(delta.beta, beyond: idle.beta, about: made + [update])
                #expect(delta.alpha.count { $0.hasSuffix("/file") } == made.count)
                #expect(delta.beta.count { $0.hasSuffix("/file") } == made.count)
            }
        }

        /// Expects that the requests beyond those of a run with nothing to do are only about these
        /// images.
        private func expectOnly(
            _ requests: [String], beyond idle: [String], about images: [JSONValue]
        ) {
            var rest = requests
            for request in idle {
                guard let index = rest.firstIndex(of: request) else { continue }
                rest.remove(at: index)
            }
            let others = rest.filter { request in
                request != "POST /v2/images" && !images.contains { request.contains($0.id) }
            }
            #expect(others.isEmpty, "\(others)")
            #expect(!requests.contains { $0.hasPrefix("DELETE") })
        }
    }
}
