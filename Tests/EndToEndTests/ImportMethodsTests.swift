// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    /// The methods, each of which moves a real image, by name and by `auto`, with the reason in the
    /// plan.
    @Suite struct ImportMethodsTests {
        private static let data = Sample.raw(300_000, seed: 41)
        /// The reason why `auto` uploads the image; `MethodCostTests` has larger ones.
        private static let small =
            "it has less than 8.0 MiB, which the target need not fetch itself"

        @Test(
            "between two clouds the bytes pass through us",
            arguments: [
                ("", "upload", "source and target do not share a Keystone"),
                ("method: upload", "upload", "named by the pipeline"),
                ("method: glance-direct", "glance-direct", "named by the pipeline"),
                (
                    "stores: all", "glance-direct",
                    "source and target do not share a Keystone; one import fills several stores"
                ),
            ])
        func betweenClouds(keys: String, method: String, reason: String) async throws {
            try await scene("methods") { scene in
                try await scene.addNoise()
                let file = try scene.cloudPipeline(targetKeys: "image: { members: drop }\n\(keys)")
                try await expect(method, reason, file, scene)
                let originals = try await scene.alpha.images(scene.prefix)
                Comparison.expectEqual(originals, try await scene.beta.images(scene.prefix))
            }
        }

        @Test(
            "between two regions of a Keystone the service fetches the image itself",
            arguments: [
                ("", "upload", small),
                ("method: glance-download", "glance-download", "named by the pipeline"),
                ("method: upload", "upload", "named by the pipeline"),
            ])
        func betweenRegions(keys: String, method: String, reason: String) async throws {
            try await scene("regions", cleaning: [.alphaTwoAdmin]) { scene in
                try await scene.addNoise()
                let file = try scene.cloudPipeline(target: "alpha-two", targetKeys: keys)
                try await expect(method, reason, file, scene)
                let originals = try await scene.alpha.images(scene.prefix)
                Comparison.expectEqual(
                    originals, try await LabCloud.alphaTwo.images(scene.prefix))
            }
        }

        @Test("the second region is a source as well, named in the pipeline")
        func secondRegionAsSource() async throws {
            try await scene("fromtwo", cleaning: [.alphaTwoAdmin]) { scene in
                try await LabCloud.alphaTwo.add(
                    scene.prefix, Self.data, ["visibility": "private"])
                let file = try scene.pipeline(
                    """
                    sources:
                      - cloud: alpha
                        region: RegionTwo
                        images: { name: "\(scene.prefix)*" }
                    targets:
                      - cloud: alpha
                        method: glance-download
                    """)
                try await expect("glance-download", "named by the pipeline", file, scene)
                let originals = try await LabCloud.alphaTwo.images(scene.prefix)
                Comparison.expectEqual(originals, try await scene.alpha.images(scene.prefix))
            }
        }

        @Test(
            "the service fetches an open URL itself where its digest proves the result",
            arguments: [
                ("", "sha512", "upload", small),
                ("method: web-download", "sha512", "web-download", "named by the pipeline"),
                (
                    "method: web-download", "sha256", "web-download",
                    "named by the pipeline; the source promises sha256 and the target reports "
                        + "sha512 and md5, so it is read back for proof"
                ),
                (
                    "", "sha256", "upload",
                    "the source promises sha256 and the target reports sha512 and md5, "
                        + "so only bytes that pass through here can be proved"
                ),
            ])
        func ofURLs(keys: String, algorithm: String, method: String, reason: String) async throws {
            let server = try RawHTTPServer { _ in .status(200, body: Self.data) }
            try await scene("urls") { scene in
                let sum = try digest(
                    #require(Checksum.Algorithm(rawValue: algorithm)), of: Self.data)
                // A record that shows the algorithm of beta even if beta has no other image.
                try await scene.beta.add("\(scene.prefix) witness", [1, 2, 3])
                let file = try scene.pipeline(
                    """
                    sources:
                      - url: \(server.url)/image.img
                        checksum: \(sum)
                        image: { name: "\(scene.prefix)", disk_format: raw, container_format: bare }
                    targets:
                      - cloud: beta
                        \(keys)
                    """)
                try await expect(method, reason, file, scene)
                let copy = try await scene.beta.only(scene.prefix)
                #expect(try await scene.beta.data(copy.id) == Self.data)
                #expect(server.requests.contains { $0.isByGlance } == (method == "web-download"))
                let proofs = try await scene.transfer()["proofs"]?.array ?? []
                #expect(!proofs.isEmpty)
            }
        }

        @Test("a method that cannot read the source is refused in the plan, with the reason")
        func impossible() async throws {
            try await scene("impossible") { scene in
                try await scene.addNoise()
                let file = try scene.cloudPipeline(targetKeys: "method: glance-download")
                let run = try await scene.tranship("run", file)
                #expect(run.status == 3, run.said)
                #expect(run.talk.contains("another region of the target's Keystone"), run.said)
                #expect(try await scene.beta.images(scene.prefix).isEmpty)
            }
        }

        @Test("a method that the target does not offer is refused; auto goes without it")
        func notOffered() async throws {
            try await scene("notoffered") { scene in
                try await scene.addNoise()
                try await Lab.with("import-methods", "[web-download]", of: "beta") {
                    let named = try await scene.tranship(
                        "run", try scene.cloudPipeline(targetKeys: "method: glance-direct"))
                    #expect(named.status == 3, named.said)
                    #expect(
                        named.talk.contains("is not offered by the target, only web-download"),
                        named.said)
                    let auto = try scene.cloudPipeline(targetKeys: "stores: all")
                    #expect(try await scene.planned(auto).text("method") == "upload")
                }
            }
        }

        // MARK: How much is proved

        @Test("verify: services computes nothing, and the two clouds' hashes agree")
        func services() async throws {
            try await scene("services") { scene in
                try await scene.addNoise()
                let file = try scene.cloudPipeline("verify: services")
                #expect(try await scene.planned(file).text("verify") == "services")
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                let transfer = try await scene.transfer()
                #expect(transfer["computed"]?.array?.isEmpty ?? true, "\(transfer)")
                #expect(transfer["proofs"]?.array?.isEmpty == false, "\(transfer)")
            }
        }

        @Test(
            "verify: paranoid reads the target's data back",
            arguments: ["upload", "glance-direct"])
        func paranoid(method: String) async throws {
            try await scene("paranoid") { scene in
                try await scene.addNoise()
                let file = try scene.cloudPipeline(
                    targetKeys: "method: \(method)", "verify: paranoid")
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                #expect(run.talk.contains("reading it back"), run.said)
            }
        }

        @Test(
            "verify: paranoid finds what the store lost, which no report of the target shows",
            arguments: ["upload", "glance-direct"])
        func damagedStore(method: String) async throws {
            try await scene("damaged") { scene in
                let original = try await scene.addNoise()
                let damaged = Guarded<[String]>([])
                // The service has stored and hashed the data. The first reader finds one byte
                // changed on the disk.
                let proxy = try await Proxy(to: .beta) { request in
                    let parts = request.path.split(separator: "/").map(String.init)
                    guard request.method == "GET", parts.count == 4, parts[3] == "file" else {
                        return
                    }
                    let file = "\(Lab.folder)/beta/data/fast/\(parts[2])"
                    guard let handle = FileHandle(forUpdatingAtPath: file) else { return }
                    defer { try? handle.close() }
                    try? handle.seek(toOffset: 150_000)
                    guard let byte = try? handle.read(upToCount: 1)?.first else { return }
                    try? handle.seek(toOffset: 150_000)
                    try? handle.write(contentsOf: [byte ^ 1])
                    damaged.withLock { $0.append(parts[2]) }
                }
                let clouds = ["OS_CLIENT_CONFIG_FILE": try proxy.cloudsFile(in: scene.folder)]
                let file = try scene.cloudPipeline(
                    target: "proxied", targetKeys: "method: \(method)", "verify: paranoid")
                let run = try await scene.tranship("run", file, environment: clouds)
                #expect(run.status == 6, run.said)
                #expect(damaged.withLock { $0.count } == 1, run.said)
                let promised = "sha512:\(original.text("os_hash_value"))"
                #expect(
                    run.talk.contains(
                        "read back from the target: the bytes of \(scene.prefix) do not match their "
                            + "checksum: promised \(promised), read sha512:"), run.said)
                let transfer = try await scene.transfer()
                #expect(transfer.text("state") == "failed", "\(transfer)")
                #expect(transfer["error"]?.text("code") == "verification-mismatch", "\(transfer)")
                #expect(try await scene.beta.images(scene.prefix).isEmpty, run.said)
                // A run that compares only reports does not notice this.
                let other = try scene.cloudPipeline(
                    target: "proxied", targetKeys: "method: \(method)")
                let trusting = try await scene.tranship("run", other, environment: clouds)
                #expect(trusting.status == 0, trusting.said)
                let copy = try await scene.beta.only(scene.prefix)
                #expect(copy["os_hash_value"] == original["os_hash_value"])
            }
        }

        private func expect(
            _ method: String, _ reason: String, _ file: String, _ scene: Scene,
            at location: SourceLocation = #_sourceLocation
        ) async throws {
            let item = try await scene.planned(file)
            #expect(item.text("method") == method, sourceLocation: location)
            #expect(item.text("method_reason") == reason, sourceLocation: location)
            let run = try await scene.tranship("run", file)
            #expect(run.status == 0, run.said, sourceLocation: location)
            let transfer = try await scene.transfer()
            #expect(transfer.text("state") == "done", run.said, sourceLocation: location)
            #expect(transfer.text("method") == method, run.said, sourceLocation: location)
            #expect(transfer.text("method_reason") == reason, run.said, sourceLocation: location)
        }
    }
}
