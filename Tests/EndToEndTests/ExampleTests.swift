// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Foundation
import LabSupport
import OpenStackImage
import TestSupport
import Testing

extension EndToEndTests {
    /// The unchanged files in `pipelines/`, with publishers that have the real layout, lists and
    /// signatures. Three things differ from the file: the publishers' addresses lead to this
    /// machine, the clouds' entries are those of the lab's administrators, and the names of images
    /// begin with the test's prefix.
    @Suite(.enabled(if: SigningKey.isPossible, "needs gpg and gpgv"))
    struct ExampleTests {
        /// Returns the text of a file in `pipelines/`, with the changes above.
        private func text(
            _ file: String, _ scene: Scene, _ upstream: Upstream? = nil
        ) throws -> String {
            let root = URL(fileURLWithPath: #filePath)
                .appendingPathComponent("../../../pipelines").standardizedFileURL
            var text = try String(
                contentsOf: root.appendingPathComponent(file), encoding: .utf8)
            if let upstream { text = upstream.redirected(text) }
            text.replace(#/cloud: (alpha|beta)\b/#) { "cloud: \($0.1)-admin" }
            // The names within an `image` block.
            text.replace(#/\n( {6,}name: "?)/#) { "\n\($0.1)\(scene.prefix) " }
            // The images of a cloud.
            text.replace("    images:\n", with: "    images:\n      name: \"\(scene.prefix)*\"\n")
            return text
        }

        private func written(_ text: String, _ scene: Scene) throws -> String {
            let path = scene.folder.appendingPathComponent("example.yaml")
            try Data(text.utf8).write(to: path)
            return path.path
        }

        // MARK: Nightly mirrors

        @Test("a nightly mirror follows its publisher", arguments: PublishedExample.all)
        func nightly(_ example: PublishedExample) async throws {
            let (key, other) = (try SigningKey(), try SigningKey())
            let upstream = try Upstream()
            try await scene("example") { scene in
                let file = try written(text(example.file, scene, upstream), scene)
                if let keyring = example.keyring {
                    let place = scene.folder.appendingPathComponent(keyring)
                    try FileManager.default.createDirectory(
                        at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
                    try Data(try key.publicKey(isArmoured: keyring.hasSuffix(".asc")))
                        .write(to: place)
                }
                for (index, version) in example.versions.prefix(2).enumerated() {
                    let build = Build(version: version, seed: UInt64(index), key: key)
                    try example.publish(build, upstream)
                    let run = try await scene.tranship("run", file)
                    #expect(run.status == 0, run.said)
                    try await expect(example, build, scene, earlier: index, run)
                    let again = try await scene.tranship("run", file)
                    #expect(again.talk.contains("nothing to do"), again.said)
                }
                guard example.keyring != nil else { return }
                let before = try await scene.images()
                let bad = Build(version: example.versions[2], seed: 9, key: other)
                try example.publish(bad, upstream)
                let run = try await scene.tranship("run", file)
                #expect(run.status == 3, run.said)
                #expect(run.everything.contains(other.fingerprint), run.said)
                #expect(try await scene.images() == before)
            }
        }

        private func expect(
            _ example: PublishedExample, _ build: Build, _ scene: Scene, earlier: Int,
            _ run: Outcome
        ) async throws {
            let images = try await LabCloud.betaAdmin.images(scene.prefix)
            #expect(images.count == example.names.count * (earlier + 1), run.said)
            for (index, name) in example.names.enumerated() {
                let name = "\(scene.prefix) \(name.replacing("{version}", with: build.version))"
                let shown = images.filter {
                    $0.name == name && $0["os_hidden"]?.bool == false
                }
                let image = try #require(shown.first, run.said)
                #expect(shown.count == 1 && image.text("status") == "active")
                #expect(image.text("disk_format") == "qcow2")
                #expect(image.text("visibility") == "public")
                #expect(image.text("os_distro") == example.distro)
                #expect(
                    image.text("os_hash_value")
                        == (try digest(.sha512, of: build.disk(index)).value))
            }
            let signers = try await scene.journalled().compactMap { $0["signed_by"]?.string }
            #expect(Set(signers) == (example.keyring == nil ? [] : [build.key.fingerprint]))
        }

        @Test("one source goes to several regions and is read once")
        func multiRegion() async throws {
            let upstream = try Upstream()
            let debian = try #require(PublishedExample.all.first { $0.distro == "debian" })
            try await scene("example") { scene in
                let file = try written(text("multi-region.yaml", scene, upstream), scene)
                let build = Build(version: debian.versions[0], seed: 1, key: try SigningKey())
                try debian.publish(build, upstream)
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                let sum = try digest(.sha512, of: build.disk(0)).value
                for cloud in [LabCloud.alphaAdmin, .alphaTwoAdmin, .betaAdmin] {
                    let images = try await cloud.images(scene.prefix)
                    #expect(images.map { $0.text("os_hash_value") } == [sum], "\(cloud.name)")
                }
                let reads = upstream.server.requests.filter {
                    $0.method == "GET" && $0.path.hasSuffix(".qcow2") && $0[header: "range"] == nil
                }
                #expect(reads.count == 1)
                for image in try await LabCloud.alphaTwoAdmin.images(scene.prefix) {
                    try await LabCloud.alphaTwoAdmin.delete(image)
                }
            }
        }

        // MARK: Clouds

        @Test("the images of a legacy cloud arrive", arguments: LegacyCloud.all)
        func legacy(_ cloud: LegacyCloud) async throws {
            try await legacyScene("example", cloud) { scene in
                let environment = try scene.cloudsFile(with: cloud, ["image_api_version: '1'"])
                _ = try await cloud.add(
                    "\(scene.prefix) one", Sample.raw(9000, seed: 1),
                    .init(properties: ["os_distro": "ubuntu", "user_id": "17"]))
                _ = try await cloud.add(
                    "\(scene.prefix) two", Sample.raw(8000, seed: 2),
                    .init(properties: ["image_type": "snapshot"]))
                let text = try text("legacy-v1-to-v2.yaml", scene)
                    .replacing("cloud: legacy", with: "cloud: old")
                let run = try await scene.tranship(
                    "run", try written(text, scene), environment: environment)
                #expect(run.status == 0, run.said)
                let copies = try await LabCloud.betaAdmin.images(scene.prefix)
                #expect(
                    copies.map(\.name).sorted() == ["\(scene.prefix) one", "\(scene.prefix) two"])
                for copy in copies {
                    #expect(copy.text("migrated_from") == "legacy" && copy["user_id"] == nil)
                }
            }
        }

        @Test("all images of a project leave their cloud with their ids")
        func leaving() async throws {
            try await scene("example") { scene in
                let source = LabCloud.alphaAdmin
                let plain = try await source.add(
                    "\(scene.prefix) plain", Sample.raw(90_000, seed: 1),
                    ["owner_specified.a": "b", "note": "kept"])
                let hidden = try await source.add(
                    "\(scene.prefix) hidden", Sample.raw(80_000, seed: 2), ["os_hidden": true])
                let snapshot = try await source.add(
                    "\(scene.prefix) snapshot", Sample.raw(70_000, seed: 3),
                    ["image_type": "snapshot"])
                let file = try written(text("leaving-a-cloud.yaml", scene), scene)
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                let copies = try await LabCloud.betaAdmin.images(scene.prefix)
                #expect(Set(copies.map(\.id)) == [plain.id, hidden.id, snapshot.id])
                let copy = try #require(copies.first { $0.id == plain.id })
                #expect(copy.text("note") == "kept" && copy["owner_specified.a"] == nil)
                let again = try await scene.tranship("run", file)
                #expect(again.talk.contains("nothing to do"), again.said)
            }
        }
    }
}

extension Scene {
    /// Returns all images of this test at beta, by id, as the service describes them.
    fileprivate func images() async throws -> [String: JSONValue] {
        try await LabCloud.betaAdmin.images(prefix).reduce(into: [:]) { $0[$1.id] = $1 }
    }
}
