// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import PipelineFiles
import Testing

@Suite struct SourceEntryTests {
    private static let kind = "  - memory: images"

    private func pipeline(_ source: String, kinds: [String] = ["memory"]) throws(TranshipError)
        -> Pipeline
    {
        try Pipeline.parse(
            text: PipelineTexts.with(source: source), file: "p.yaml", environment: [:],
            kinds: kinds)
    }

    @Test func `A kind that the caller adds is an entry as others are`() throws {
        let source = try #require(try pipeline(Self.kind).sources.first)
        guard case .other(let entry) = source else { throw Missing(what: "other source") }
        #expect(entry.kind == "memory" && entry.place == "images")
        #expect(source.position == FilePosition(file: "p.yaml", line: 4, column: 5))
        #expect(try pipeline(Self.kind).route == "memory -> beta")
    }

    @Test func `Without its caller, the kind does not exist, and it has one key`() {
        let unknown = #expect(throws: TranshipError.self) { try pipeline(Self.kind, kinds: []) }
        #expect(unknown?.message.contains("`memory`") == false)
        let more = #expect(throws: TranshipError.self) {
            try pipeline(Self.kind + "\n    name: a")
        }
        #expect(more?.message.hasSuffix("a memory source has no key but `memory`") == true)
    }

    @Test func `An entry knows the keys of its images, if it alone determines them`() throws {
        let latest = "\n    latest: noble-@v.img\n    image: { disk_format: raw }"
        for (text, key, isNamed) in [
            ("url: https://a.example/b.iso", "url:https://a.example/b.iso", true),
            ("url: https://a.example/b.iso", "url:https://a.example/b.iso2", false),
            ("url: https://a.example/b/" + latest, "url:https://a.example/b/noble-2.img", true),
            ("file: /srv/b.iso", "file:/srv/b.iso", true),
            ("file: /srv/*.iso", "file:/srv/b.iso", false),
            ("cloud: alpha", "image:4f2c", false),
        ] {
            let source = try #require(try pipeline("  - " + text).sources.first)
            #expect(source.entry.names(key, in: "/") == isNamed, "\(text) and \(key)")
        }
    }
}
