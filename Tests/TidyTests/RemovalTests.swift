// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Testing

/// Checks that a pipeline deletes images in only one place, which checks the rights.
@Suite struct RemovalTests {
    private static let place = "Sources/ImageUploaders/Cloud/Removal.swift"
    /// The modules that may send DELETE: the SDK, and the commands for a single cloud.
    private static let outside = ["OpenStackImage", "tranship"]

    @Test func `Only Removal sends DELETE for a pipeline`() throws {
        var calls: [String] = []
        for file in try SourceTree.sources.get() {
            let isPipelineCommand = file.path.hasPrefix("Sources/tranship/Pipeline/")
            if Self.outside.contains(file.target), !isPipelineCommand { continue }
            for line in file.lines(with: ".delete(", ".deleteImage(") {
                calls.append(file.path)
                #expect(file.path == Self.place, "\(file.path):\(line.number): \(line.text)")
            }
        }
        #expect(calls == [Self.place])
    }
}
