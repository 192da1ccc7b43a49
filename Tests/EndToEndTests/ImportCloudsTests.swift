// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    /// Image services without Keystone, and the output of `doctor` for each kind.
    @Suite struct ImportCloudsTests {
        @Test(
            "an Image service without Keystone is a target and a source",
            arguments: ["noauth", "basic"])
        func withoutKeystone(name: String) async throws {
            try await Lab.withExtras {
                let cloud = LabCloud(name)
                try await scene("keyless", cleaning: [cloud]) { scene in
                    try await scene.addNoise()
                    let there = try scene.cloudPipeline(target: name)
                    let first = try await scene.tranship("run", there)
                    #expect(first.status == 0, first.said)
                    let original = try await scene.alpha.only(scene.prefix)
                    let copy = try await cloud.only(scene.prefix)
                    #expect(copy["os_hash_value"] == original["os_hash_value"])

                    let back = try scene.pipeline(
                        """
                        sources:
                          - cloud: \(name)
                            images: { name: "\(scene.prefix)*", owner: any }
                        targets: [{ cloud: beta }]
                        """, file: "back.yaml")
                    let second = try await scene.tranship(
                        "run", back, "--journal", scene.folder.path + "/back.sqlite")
                    #expect(second.status == 0, second.said)
                    #expect(
                        try await scene.beta.only(scene.prefix)["os_hash_value"]
                            == original["os_hash_value"])

                    let again = try await scene.tranship("run", there)
                    #expect(again.status == 0, again.said)
                    #expect(again.talk.contains("nothing to do"), again.said)
                }
            }
        }

        @Test(
            "a named import is refused in the plan where there is no Keystone",
            arguments: ["noauth", "basic"])
        func namedImport(name: String) async throws {
            try await Lab.withExtras {
                try await scene("keylessimport") { scene in
                    try await scene.addNoise(bytes: 1000)
                    let file = try scene.cloudPipeline(
                        target: name, targetKeys: "method: glance-direct")
                    let item = try await scene.planned(file)
                    #expect(item.text("action") == "refuse", "\(item)")
                    let run = try await scene.tranship("run", file)
                    #expect(run.status == 3, run.said)
                    #expect(run.said.rawValue.contains("without Keystone an import has no owner"))
                    #expect(!run.talk.contains("Glance answered 500"), run.said)
                    #expect(try await LabCloud(name).images(scene.prefix).isEmpty)
                }
            }
        }

        @Test("a wrong password of HTTP Basic is told before anything is done")
        func wrongPassword() async throws {
            try await Lab.withExtras {
                try await scene("wrongbasic") { scene in
                    try await scene.addNoise()
                    let run = try await scene.tranship(
                        "run", try scene.cloudPipeline(target: "basic-wrong-password"))
                    #expect(run.status == 7, run.said)
                    #expect(run.talk.contains("401"), run.said)
                }
            }
        }

        // MARK: doctor

        @Test("doctor shows what a cloud offers and what auto would choose")
        func doctor() async throws {
            try await scene("doctor") { scene in
                let outcome = try await scene.doctor("beta", "--format", "json")
                #expect(outcome.status == 0, outcome.said)
                let line = try #require(outcome.lines("doctor").first)
                #expect(line.text("cloud") == "beta")
                #expect(line.text("user") == "demo")
                #expect(line.text("project") == "demo")
                #expect(line["roles"]?.array?.contains("member") == true)
                #expect(line["versions"]?.array?.isEmpty == false)
                #expect(
                    line["import_methods"]?.array
                        == ["glance-direct", "web-download", "copy-image", "glance-download"])
                let stores = line["stores"]?.array ?? []
                #expect(stores.map { $0.text("id") }.sorted() == ["fast", "slow", "web"])
                #expect(stores.first { $0["default"]?.bool == true }?.text("id") == "fast")
                #expect(line["digests"]?.array == ["sha512", "md5"])
                #expect(line["disk_formats"]?.array?.contains("qcow2") == true)
                #expect(line["container_formats"]?.array?.contains("bare") == true)
                let auto = line["auto"]?.array ?? []
                func method(_ source: String) -> String? {
                    auto.first { $0.text("source") == source }?.text("method")
                }
                #expect(method("a file") == "upload")
                #expect(method("a file, into all stores") == "glance-direct")
                #expect(method("a URL, with a sha512") == "upload")
                let reasons = auto.map { $0.text("reason") }
                #expect(
                    reasons.contains(
                        "upload takes about 7 s a GiB (assumed), web-download about 19 s (assumed)")
                )
                #expect(method("a URL, with a sha256") == "upload")
                #expect(method("an image of another cloud") == "upload")
                #expect(
                    method("an image of another region of this Keystone, with a sha512")
                        == "upload")
                #expect(auto.allSatisfy { !$0.text("reason").isEmpty })
            }
        }

        @Test("doctor says what a cloud does not offer, for people too")
        func doctorOfAnother() async throws {
            try await scene("doctortext") { scene in
                try await Lab.with("import-methods", "[glance-direct]", of: "beta") {
                    let outcome = try await scene.doctor("beta")
                    #expect(outcome.status == 0, outcome.said)
                    #expect(outcome.output.contains("import    glance-direct\n"), outcome.said)
                    #expect(outcome.output.contains("fast (default)"), outcome.said)
                    #expect(
                        outcome.output.contains("the target does not offer web-download"),
                        outcome.said)
                }
            }
        }

        @Test(
            "doctor shows how far the service's clock is from ours",
            arguments: [(5400, "ahead of"), (-86_400, "behind")])
        func skewedClock(seconds: Int, words: String) async throws {
            try await scene("doctorclock") { scene in
                let formatter = DateFormatter()
                formatter.locale = Locale(identifier: "en_US_POSIX")
                formatter.timeZone = TimeZone(secondsFromGMT: 0)
                formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
                let theirs = Date(timeIntervalSinceNow: Double(seconds))
                let proxy = try await Proxy(
                    to: .beta, adding: [("Date", formatter.string(from: theirs))])
                let clouds = try proxy.cloudsFile(in: scene.folder)
                let outcome = try await scene.doctor("proxied", clouds: clouds)
                #expect(outcome.status == 0, outcome.said)
                let line = outcome.output.split(separator: "\n").first { $0.hasPrefix("clock") }
                let told = try #require(
                    line?.wholeMatch(of: /clock     (\d+) s (ahead of|behind) ours/), outcome.said)
                #expect(told.2 == words)
                // The Date was made before the command began. Its age counts up to the arrival of
                // the answer.
                let ahead = try #require(Int(told.1)) * seconds.signum()
                #expect(ahead <= seconds + 1)
                #expect(Double(ahead) >= Double(seconds) - outcome.seconds - 2)
            }
        }

        @Test("doctor cannot tell a clock without a Date")
        func clock() async throws {
            try await scene("doctornow") { scene in
                let words = "\nclock     cannot tell: the service sends no readable Date\n"
                let none = try await scene.doctor("beta")
                #expect(none.output.contains(words), none.said)
                let odd = try await Proxy(to: .beta, adding: [("Date", "yesterday")])
                let unreadable = try await scene.doctor(
                    "proxied", clouds: try odd.cloudsFile(in: scene.folder))
                #expect(unreadable.output.contains(words), unreadable.said)
                let line = try #require(
                    try await scene.doctor("beta", "--format", "json").lines("doctor").first)
                #expect(line["clock_ahead_seconds"] == nil, "\(line)")
            }
        }

        @Test("doctor looks at another region, and at a service without Keystone")
        func doctorElsewhere() async throws {
            try await scene("doctorelse") { scene in
                let region = try await scene.doctor(
                    "alpha", "--region", "RegionTwo", "--format", "json")
                #expect(region.status == 0, region.said)
                #expect(region.lines("doctor").first?.text("region") == "RegionTwo", region.said)
                let one = try await scene.doctor("alpha", "--format", "json")
                #expect(
                    one.lines("doctor").first?.text("image_endpoint")
                        != region.lines("doctor").first?.text("image_endpoint"))
                let both = try await scene.doctor("alpha/RegionTwo", "beta")
                #expect(
                    both.output.contains("next      tranship copy alpha/RegionTwo beta --dry-run\n")
                        || both.output.contains("images    0 images"), both.said)
                #expect(both.output.contains("from      alpha, RegionTwo"), both.said)
                try await Lab.withExtras {
                    let keyless = try await scene.doctor("noauth")
                    #expect(keyless.status == 0, keyless.said)
                    #expect(keyless.output.contains("identity  no Keystone"), keyless.said)
                    #expect(keyless.output.contains("an import has no owner"), keyless.said)
                    #expect(!keyless.output.contains(": web-download"), keyless.said)
                }
                let unknown = try await scene.doctor("no-such-cloud")
                #expect(unknown.status == 2, unknown.said)
                let refused = try await scene.doctor("alpha-wrong-password")
                #expect(refused.status == 7, refused.said)
            }
        }
    }
}

extension Scene {
    /// Runs the only command that takes no journal.
    func doctor(_ arguments: String..., clouds: String? = nil) async throws -> Outcome {
        var environment = environment
        if let clouds { environment["OS_CLIENT_CONFIG_FILE"] = clouds }
        return try await RunningCommand(
            ["doctor"] + arguments, environment: environment, folder: folder
        ).outcome()
    }
}
