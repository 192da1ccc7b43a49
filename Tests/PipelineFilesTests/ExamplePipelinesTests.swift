// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import PipelineFiles

/// The files in `pipelines/`. `ExampleTests` runs them.
@Suite struct ExamplePipelinesTests {
    private static let folder = URL(fileURLWithPath: #filePath)
        .appendingPathComponent("../../../pipelines").standardizedFileURL

    private static let files =
        (try? FileManager.default.contentsOfDirectory(atPath: folder.path))
        .map { $0.filter { $0.hasSuffix(".yaml") }.sorted() } ?? []

    private func text(_ file: String) throws -> String {
        try String(contentsOf: Self.folder.appendingPathComponent(file), encoding: .utf8)
    }

    @Test(arguments: files)
    func `Each file is valid, and has its name and a command to try`(file: String) throws {
        let path = Self.folder.appendingPathComponent(file).path
        let pipeline = try Pipeline.load(file: path, environment: [:])
        #expect("\(pipeline.name).yaml" == file)
        #expect(try text(file).hasPrefix("# "))
        #expect(try text(file).contains("tranship run pipelines/\(file)"))
    }

    @Test func `The page lists each of them`() throws {
        let page = try text("README.md")
        #expect(Self.files.count >= 13)
        for file in Self.files { #expect(page.contains("[\(file)](\(file))"), "\(file)") }
    }
}
