// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    @Suite struct URLSourceTests {
        private static let data = noise(700_000, seed: 21)

        @Test("a mirror that redirects and publishes checksums is what a pipeline names")
        func mirror() async throws {
            let sum = try digest(.sha512, of: Self.data)
            let server = try RawHTTPServer(scripts: [
                "/latest/image.img": [.redirect(301, to: "/v7/image.img")],
                "/v7/image.img": [.redirect(307, to: "/store/0123?part=1")],
                "/store/0123": [.status(200, body: Self.data)],
                "/latest/SHA512SUMS": [
                    .status(200, text: "# sums\nSHA512 (image.img) = \(sum.value)\n")
                ],
            ])
            try await scene("mirror") { scene in
                let file = try scene.pipeline(
                    """
                    sources:
                      - url: \(server.url)/latest/image.img
                        checksum_file: \(server.url)/latest/SHA512SUMS
                        series: \(scene.prefix)
                        image:
                          name: "\(scene.prefix) {version} {checksum:8}"
                          disk_format: raw
                          container_format: bare
                          min_disk: 4
                          min_ram: 512
                          tags: [mirror]
                          properties: { os_distro: ubuntu, os_version: 24.10, first: yes }
                    targets: [{ cloud: beta }]
                    """)
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                let copy = try await scene.beta.only(
                    "\(scene.prefix) 24.10 \(sum.value.prefix(8))")
                #expect(copy.text("os_hash_value") == sum.value)
                #expect(copy["min_disk"] == 4)
                #expect(copy["min_ram"] == 512)
                #expect(copy["tags"] == ["mirror"])
                #expect(copy.text("os_version") == "24.10")
                #expect(copy.text("first") == "yes")
                #expect(copy.text("visibility") == "private")
                let again = try await scene.tranship("run", file)
                #expect(again.talk.contains("nothing to do"), again.said)
            }
        }

        @Test("the proxy of the environment is used for what no_proxy does not name")
        func proxy() async throws {
            let proxy = try RawHTTPServer { _ in .status(200, body: Self.data) }
            try await scene("proxy") { scene in
                let sum = try digest(.sha256, of: Self.data)
                let run = try await scene.tranship(
                    "run",
                    try scene.urlPipeline(
                        "http://mirror.invalid/image.img", checksum: sum.description),
                    environment: ["http_proxy": proxy.url, "no_proxy": "127.0.0.1"])
                #expect(run.status == 0, run.said)
                #expect(
                    proxy.requests.contains { $0.target == "http://mirror.invalid/image.img" })
                #expect(proxy.requests.allSatisfy { $0.target.contains("mirror.invalid") })
                #expect(
                    try await scene.beta.data(try await scene.beta.only(scene.prefix).id)
                        == Self.data)
            }
        }

        @Test("a source of unknown size arrives whole")
        func unknownSize() async throws {
            let server = try RawHTTPServer { request in
                request.method == "HEAD" ? .status(405) : .chunked(Self.data)
            }
            try await scene("chunked") { scene in
                let sum = try digest(.sha256, of: Self.data)
                let run = try await scene.tranship(
                    "run",
                    try scene.urlPipeline(
                        "\(server.url)/image.img", checksum: sum.description))
                #expect(run.status == 0, run.said)
                let copy = try await scene.beta.only(scene.prefix)
                #expect(copy["size"]?.integer == Int64(Self.data.count))
                #expect(try await scene.beta.data(copy.id) == Self.data)
            }
        }

        @Test("two URLs that would replace each other are refused before anything is done")
        func sharedSeries() async throws {
            let server = try RawHTTPServer { _ in .status(200, body: Self.data) }
            try await scene("series") { scene in
                let file = try scene.pipeline(
                    """
                    sources:
                      - url: \(server.url)/a.img
                        image: { name: "\(scene.prefix)", disk_format: raw, container_format: bare }
                      - url: \(server.url)/b.img
                        image: { name: "\(scene.prefix)", disk_format: raw, container_format: bare }
                    targets: [{ cloud: beta }]
                    """)
                let run = try await scene.tranship("run", file)
                #expect(run.status == 2, run.said)
                #expect(run.talk.contains("series"), run.said)
                #expect(run.talk.contains("pipeline.yaml:"), run.said)
                #expect(try await scene.beta.images(scene.prefix).isEmpty)
            }
        }
    }
}
