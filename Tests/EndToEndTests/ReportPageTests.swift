// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    /// The HTML report, in a real browser without a network.
    @Suite struct ReportPageTests {
        private static let browser: String? = {
            let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"
            let names = ["chromium", "chromium-browser", "google-chrome"]
            return path.split(separator: ":").flatMap { folder in names.map { "\(folder)/\($0)" } }
                .first { FileManager.default.isExecutableFile(atPath: $0) }
        }()

        /// The state of the page at one moment, as Tests/reference/browser.py reads it.
        private struct Look: Decodable {
            var rows: [String]
            var count: String
            var scrollsSideways: Bool
            var width: Double
            var smallestText: Double
            var leastContrast: Double
            var leastContrastOf: String
            var narrowestTrack: Double?
            var lowestBar: Double?
            var narrowestBar: Double?
            var barsOutside: Int
            var rowsOnScreen: Int
            var axis: [String]
            var background: String
            var details: [String]
        }

        private struct Visit: Decodable {
            var scheme: String
            var whole: Look
            var filtered: Look
            var failures: Look
            var opened: Look
            var other: Look
            var requests: [String]
            var complaints: [JSONValue]

            var all: [Look] { [whole, filtered, failures, opened, other] }
        }

        private static let images = 200
        private static let secret = "planted-secret"

        /// Writes the page of a run with 200 images, one that fails, one that is refused, and one
        /// whose address is secret.
        private func report(_ scene: Scene, to page: URL) async throws {
            let images = scene.folder.appendingPathComponent("images")
            try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
            for number in 1...Self.images {
                let name = "machine-" + String(format: "%03d", number)
                try Data(Sample.raw(700 * number, seed: UInt64(number))).write(
                    to: images.appendingPathComponent("\(name).raw"))
            }
            try Data(Sample.raw(7000, seed: 1)).write(
                to: scene.folder.appendingPathComponent("wrong.raw"))
            try Data(DiskHeads.html).write(to: scene.folder.appendingPathComponent("web.raw"))
            let server = try RawHTTPServer { _ in .status(200, body: noise(9000, seed: 3)) }
            defer { server.stop() }
            let record = "image: { disk_format: raw, container_format: bare }"
            let file = try scene.pipeline(
                """
                sources:
                  - { file: "images/*.raw", \(record) }
                  - { file: wrong.raw, checksum: "md5:00000000000000000000000000000000", \(record) }
                  - { file: web.raw, \(record) }
                  - { url: "\(server.url)/far.raw?signature=${PLANTED}", \(record) }
                targets: [{ archive: export }]
                """)
            let run = try await scene.tranship(
                "run", file, environment: ["PLANTED": Self.secret])
            #expect(run.status != 0, run.said)
            let html = try await scene.tranship("report", "--html", page.path)
            #expect(html.status == 0, html.said)
        }

        private func visits(
            _ scene: Scene, _ browser: String, _ page: URL, word: String
        ) async throws -> [Visit] {
            let pictures = "\(Lab.repository)/.build/reports"
            let seen = try await RunningCommand(
                [
                    "\(Lab.repository)/Tests/reference/browser.py", browser, page.path, pictures,
                    word,
                ], environment: scene.environment, folder: scene.folder,
                binary: URL(fileURLWithPath: "/usr/bin/python3")
            ).outcome()
            try #require(seen.status == 0, seen.said)
            for scheme in ["light", "dark"] {
                for part in ["", "-filtered", "-failures"] {
                    let picture = "\(pictures)/report-\(scheme)\(part).png"
                    #expect(FileManager.default.fileExists(atPath: picture))
                }
            }
            return try JSONDecoder().decode([Visit].self, from: Data(seen.output.utf8))
        }

        @Test(
            "the page of 200 images opens without a network, reads well, and its buttons work",
            .enabled(
                if: browser != nil,
                "no Chromium on PATH: scripts/install-dependencies --for-tests installs it"))
        func page() async throws {
            let browser = try #require(Self.browser)
            try await scene("reportpage") { scene in
                let page = scene.folder.appendingPathComponent("run.html")
                try await report(scene, to: page)
                let text = try String(contentsOf: page, encoding: .utf8)
                #expect(!text.contains(Self.secret))
                let visits = try await visits(scene, browser, page, word: "MACHINE-07")
                #expect(visits.map(\.scheme) == ["light", "dark"])
                for visit in visits {
                    // The browser requested only the page itself.
                    #expect(visit.requests == [page.absoluteString])
                    #expect(visit.complaints.isEmpty, "\(visit.complaints)")
                    for look in visit.all { isReadable(look) }
                    showsWhatIsAsked(visit)
                }
                // The button switches the page to the other scheme.
                #expect(visits[0].whole.background != visits[1].whole.background)
                #expect(visits[0].other.background == visits[1].whole.background)
                #expect(visits[1].other.background == visits[0].whole.background)
            }
        }

        /// Expects that the page is readable on the screen of a laptop: 1366 by 768.
        private func isReadable(_ look: Look) {
            #expect(look.width == 1366)
            #expect(!look.scrollsSideways)
            #expect(look.smallestText >= 12)
            // WCAG 2.2, success criterion 1.4.3.
            #expect(look.leastContrast >= 4.5, "\(look.leastContrastOf)")
            #expect(look.barsOutside == 0)
            // Half of the page is for the timeline.
            #expect(look.narrowestTrack ?? 1366 >= 600)
            #expect(look.lowestBar ?? 10 >= 10)
            #expect(look.narrowestBar ?? 2 >= 2)
            #expect(look.axis.count == 5 && look.axis.first == "0", "\(look.axis)")
        }

        private func showsWhatIsAsked(_ visit: Visit) {
            let rows = visit.whole.rows
            let all = Self.images + 2
            #expect(visit.whole.count == "\(all) of \(all) shown")
            #expect(rows.count == all + 1, "the refused image has a line, too")
            #expect(rows[0].hasPrefix("refused: web "), "\(rows[0])")
            #expect(rows[1].hasPrefix("wrong") && rows[1].contains("failed"), "\(rows[1])")
            #expect(rows[2...].allSatisfy { $0.contains("done") })
            #expect(visit.whole.rowsOnScreen >= 8)

            #expect(visit.filtered.count == "10 of \(all) shown")
            #expect(visit.filtered.rows.count == 10)
            #expect(visit.filtered.rows.allSatisfy { $0.hasPrefix("machine-07") })
            #expect(visit.failures.count == "1 of \(all) shown")
            #expect(visit.failures.details.isEmpty)
            #expect(visit.opened.details.contains("error"), "\(visit.opened.details)")
            #expect(visit.opened.details.contains("started"))
            #expect(visit.other.count == "\(all) of \(all) shown")
        }
    }
}
