// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

@testable import PipelineFiles

/// Bytes as a pipeline file.
enum FuzzedPipelineFile {
    private static let environment = ["HOME": "/home/operator", "NAME": "value", "EMPTY": ""]

    static func run(_ bytes: [UInt8]) {
        guard
            let text = try? PipelineFile.text(bytes, "/srv/p.yaml"),
            let pipeline = try? Pipeline.parse(
                text: text, file: "/srv/p.yaml", environment: environment)
        else { return }
        _ = pipeline.textWithoutSecrets
        for source in pipeline.sources {
            switch source {
            case .cloud(let source):
                _ = source.selects(facts, selfProjectID: "p", nowUnixSeconds: 1_700_000_000)
            case .url(let source): _ = try? source.image.name.render(values)
            case .simplestreams(let source): _ = try? source.index.image.name.render(values)
            case .file(let source): _ = (Glob(source.pattern).matches("a.qcow2"), source.isGlob)
            case .archive, .other: break
            }
        }
    }

    private static let facts = ImageFacts(
        id: "1", name: String(repeating: "ab", count: 100), owner: "p", tags: ["t"],
        properties: ["os": "linux"], sizeBytes: 1 << 30, updatedAt: "2026-01-01T00:00:00Z")
    private static let values = PlaceholderValues(
        name: "n", id: "1", stem: "disk", date: "2026-01-01", version: "1", checksum: "0123")
}
