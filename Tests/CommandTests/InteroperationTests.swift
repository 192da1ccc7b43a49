// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import LabSupport
import Testing

/// `create_image` of the lab's openstacksdk, compared with ours.
@Suite(.enabled(if: Lab.isUp), .timeLimit(.minutes(2)))
struct InteroperationTests {
    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../reference/create_image.py").standardizedFileURL.path

    @Test func `openstacksdk sends nothing where we sent it before, nor do we after it`()
        async throws
    {
        let shell = try Shell()
        defer { shell.remove() }
        let name = "interop-\(UUID().uuidString.lowercased())"
        func said(_ command: String) async throws -> [Substring] {
            let outcome = try await shell.run(command)
            #expect(outcome.status == 0, "\(command)\n\(outcome.talk)")
            return outcome.output.split(separator: "\n")
        }
        /// Returns the image's id, and the number of bodies that were sent.
        func sdk(_ name: String) async throws -> [Substring] {
            try await said(
                "\(Lab.python.path) \(Self.script) alpha \(name) disk.raw | jq -r '.id, .bodies'"
            )
        }
        _ = try await said("head -c 300000 /dev/urandom > disk.raw")
        let created = try await said(
            "tranship image create \(name)-1 --disk-format raw --file disk.raw --format json | jq -r .id"
        )
        let afterCreate = try await sdk("\(name)-1")
        #expect(afterCreate == created + ["0"])

        _ = try await said("tranship image create \(name)-2 --disk-format raw")
        let uploaded = try await said(
            "tranship image upload \(name)-2 disk.raw --record-checksums --format json | jq -r .id")
        let afterUpload = try await sdk("\(name)-2")
        #expect(afterUpload == uploaded + ["0"])

        let theirs = try await sdk("\(name)-3")
        #expect(theirs.last == "1")
        let ours = try await shell.run(
            "tranship image create \(name)-3 --disk-format raw --file disk.raw --format json | jq -r .id"
        )
        #expect(ours.output.split(separator: "\n") == Array(theirs.prefix(1)))
        #expect(ours.talk == "the cloud has this image already; nothing was sent\n")
        _ = try await said("tranship image delete \(name)-1 \(name)-2 \(name)-3")
    }
}
