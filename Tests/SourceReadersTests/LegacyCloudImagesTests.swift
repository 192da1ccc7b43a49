// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import MigrationPipeline
import OpenStackImage
import PipelineFiles
import TestSupport
import Testing

@testable import SourceReaders

@Suite(.timeLimit(.minutes(5))) struct LegacyCloudImagesTests {
    /// One image of Images API v1. Its entry in the list has the same fields as the head of its
    /// data.
    private final class TestLegacyCloud: TestSource {
        let source: any ImageSource
        private let server: RawHTTPServer
        private let content: Content

        private final class Content: Sendable {
            let bytes = Guarded<[UInt8]?>(nil)
            let isLost = Guarded(false)
        }

        init() throws {
            let content = Content()
            self.content = content
            server = try RawHTTPServer { request in
                guard let bytes = content.bytes.withLock({ $0 }) else {
                    return .status(404, text: "no image")
                }
                if request.path.hasSuffix("/members") {
                    return .status(200, text: #"{"members": []}"#)
                }
                if request.path.hasSuffix("/detail") {
                    let isEnd = request.target.contains("marker=")
                    return .status(
                        200, headers: [("Content-Type", "application/json")],
                        text: "{\"images\": [\(isEnd ? "" : Self.record(bytes))]}")
                }
                if request.method == "GET", content.isLost.withLock({ $0 }) {
                    return .status(404, text: "no such blob")
                }
                return .status(
                    200,
                    headers: Self.fields(bytes).map { ("X-Image-Meta-\($0)", $1) } + [
                        ("Content-Type", "application/octet-stream"),
                        ("Content-Length", "\(bytes.count)"),
                    ], body: bytes)
            }
            source = LegacyCloudImages(
                selection: try cloudEntry(), sourceIndex: 0,
                cloud: SignedInCloud(
                    CloudSession(
                        CloudConfiguration(
                            name: "old", authentication: .none,
                            imageEndpointOverride: server.url)),
                    endpoint: server.url, region: nil, projectID: nil, isLegacy: true))
        }

        private static func fields(_ bytes: [UInt8]) -> [(String, String)] {
            [
                ("id", "a"), ("name", "a"), ("status", "active"), ("size", "\(bytes.count)"),
                ("checksum", md5(bytes)), ("disk_format", "raw"), ("container_format", "bare"),
                ("is_public", "true"), ("protected", "false"), ("deleted", "false"),
                ("min_disk", "0"), ("min_ram", "0"),
            ]
        }

        private static func record(_ bytes: [UInt8]) -> String {
            let words = ["is_public", "protected", "deleted", "min_disk", "min_ram", "size"]
            let lines = fields(bytes).map { key, value in
                "\"\(key)\": " + (words.contains(key) ? value : "\"\(value)\"")
            }
            return "{\(lines.joined(separator: ", ")), \"properties\": {}}"
        }

        func put(_ bytes: [UInt8]) { content.bytes.withLock { $0 = bytes } }
        func change() { put(noise(1000, seed: 2)) }
        func remove() { content.bytes.withLock { $0 = nil } }
        func loseData() { content.isLost.withLock { $0 = true } }
    }

    @Test func `An image of a legacy cloud is read as every source is`() async throws {
        try await checkConformance { try TestLegacyCloud() }
    }

    @Test func `Data that the store of a legacy cloud has lost is called lost`() async throws {
        let source = try TestLegacyCloud()
        let image = try await source.planned([1, 2, 3])
        source.loseData()
        let error = await read(image, by: source.source).error
        #expect(error?.code == .sourceUnavailable)
        #expect(error?.message.contains("its data is not found there") == true, "\(error as Any)")
        source.remove()
        let gone = await read(image, by: source.source).error
        #expect(gone?.message.contains("is gone at the source") == true, "\(gone as Any)")
    }

    /// There are more images than parallel requests for members.
    @Test func `Each private image with a member is shared, and no other`() async throws {
        let ids = (0..<20).map { "image-\($0)" }
        let server = try RawHTTPServer { request in
            guard !request.path.hasSuffix("/members") else {
                let isShared = ids.enumerated().contains {
                    $0.offset.isMultiple(of: 3) && request.path.hasSuffix("/\($0.element)/members")
                }
                let members = isShared ? #"{"member_id": "p"}"# : ""
                return .status(200, text: "{\"members\": [\(members)]}")
            }
            let records = ids.map {
                #"""
                {"id": "\#($0)", "name": "\#($0)", "status": "active", "size": 1,
                "checksum": "\#(md5([1]))", "disk_format": "raw", "container_format": "bare",
                "is_public": false, "protected": false, "deleted": false, "properties": {}}
                """#
            }
            let isEnd = request.target.contains("marker=")
            return .status(
                200, headers: [("Content-Type", "application/json")],
                text: "{\"images\": [\(isEnd ? "" : records.joined(separator: ","))]}")
        }
        defer { server.stop() }
        let source = LegacyCloudImages(
            selection: try cloudEntry(), sourceIndex: 0,
            cloud: SignedInCloud(
                CloudSession(
                    CloudConfiguration(
                        name: "old", authentication: .none, imageEndpointOverride: server.url)),
                endpoint: server.url, region: nil, projectID: nil, isLegacy: true))
        let listed = try await list(source)
        #expect(Set(listed.compactMap(\.image.imageID)) == Set(ids))
        let shared = listed.filter { $0.image.visibility == .shared }.compactMap(\.image.imageID)
        let expected = ids.indices.filter { $0.isMultiple(of: 3) }.map { ids[$0] }
        #expect(Set(shared) == Set(expected))
    }

    /// The cloud had v2 when the spool read the first bytes. The spool then reads all data again.
    @Test func `A reading in the middle is an error of the source`() async throws {
        let source = try TestLegacyCloud()
        let image = try await source.planned([1, 2, 3])
        let point = ReadingPoint(
            offsetBytes: 1,
            version: SourceVersion(totalBytes: 3, hash: try Sample.checksum(.md5, "0")))
        let reading = await read(image, by: source.source, from: point)
        #expect(reading.error?.code == .rangeNotSatisfiable)
        #expect(reading.bytes.isEmpty)
    }
}
