// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import PipelineFiles
import Testing

@Suite("Pipeline.load")
struct PipelineFileTests {
    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("tranship-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try body(folder)
    }

    private func refusal(_ path: String) -> String? {
        do {
            _ = try Pipeline.load(file: path, environment: [:])
            return nil
        } catch {
            return error.code == .invalidPipeline ? "\(error)" : "code \(error.code)"
        }
    }

    @Test("a file is read with its folder as the start of relative paths")
    func reading() throws {
        try withFolder { folder in
            let file = folder.appendingPathComponent("p.yaml")
            try Data(PipelineTexts.with().utf8).write(to: file)
            let pipeline = try Pipeline.load(file: file.path, environment: [:])
            #expect(pipeline.baseDirectory == folder.path)
            #expect(pipeline.absoluteFile == file.path)
            #expect(pipeline.text == PipelineTexts.with())
        }
    }

    @Test("an unreadable file is refused with its path and the system's reason")
    func unreadable() throws {
        try withFolder { folder in
            let missing = folder.appendingPathComponent("none.yaml").path
            #expect(
                refusal(missing) == """
                    cannot read the pipeline file \(missing): no such file or directory
                    hint: check the path; a relative path starts at the working directory
                    """)
            #expect(
                refusal(folder.path) == """
                    \(folder.path) is a directory, not a pipeline file
                    hint: name a file in it, such as \(folder.path)/pipeline.yaml
                    """)
            // A link to itself is unreadable even for root.
            let loop = folder.appendingPathComponent("loop.yaml").path
            try FileManager.default.createSymbolicLink(atPath: loop, withDestinationPath: loop)
            #expect(
                refusal(loop)
                    == "cannot read the pipeline file \(loop): too many levels of symbolic links")
        }
    }

    @Test("a file that is not text is refused")
    func notText() throws {
        try withFolder { folder in
            let file = folder.appendingPathComponent("p.yaml")
            try Data("version: 1\nname: é\nx: ".utf8 + [0xE9, 0x0A]).write(to: file)
            #expect(
                refusal(file.path) == """
                    \(file.path):3:4: this is not UTF-8 text
                    hint: save the file as UTF-8, and check that it is a pipeline file
                    """)
            try Data([0xFF, 0xFE, 0x76, 0x00]).write(to: file)
            #expect(
                refusal(file.path)
                    == "\(file.path):1:1: this is UTF-16\nhint: save the file as UTF-8")
            try Data(count: Pipeline.fileBytesMax + 1).write(to: file)
            #expect(
                refusal(file.path) == """
                    \(file.path) is larger than 1 MiB, too large for a pipeline file
                    hint: check the path
                    """)
        }
    }
}
