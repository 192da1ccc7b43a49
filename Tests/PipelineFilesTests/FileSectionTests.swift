// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import PipelineFiles
import Testing

@Suite("Mappings")
struct FileSectionTests {
    private static let rootKeys =
        "version, name, sources, targets, projects, transfer, spool, verify, order, limits, hooks, journal, allow_empty"

    private static let files = [
        BadFile(
            "unknown and near", PipelineTexts.with(more: "transfers: auto"),
            "p.yaml:7:1: unknown key `transfers` in a pipeline\nhint: did you mean `transfer`?"),
        BadFile(
            "unknown and far", PipelineTexts.with(more: "zzz: 1"),
            "p.yaml:7:1: unknown key `zzz` in a pipeline\nhint: known keys: \(rootKeys)"),
        BadFile(
            "in another spelling", PipelineTexts.withURL("    image:\n      diskFormat: raw"),
            "p.yaml:6:7: unknown key `diskFormat` in the `image` of a source\n"
                + "hint: did you mean `disk_format`?"),
        BadFile(
            "of another kind of source", PipelineTexts.withURL("    exclude: { name: a }"),
            "p.yaml:5:5: unknown key `exclude` in a url source\n"
                + "hint: known keys: url, latest, allow_downgrade, stale_after, checksum, checksum_file, "
                + "signed_by, signature, image, "
                + "decompress, convert, series, cacert, auth, headers, inspect, limits, "
                + "proof_properties"),
        BadFile(
            "of another case", PipelineTexts.with(target: "  - cloud: b\n    Method: auto"),
            "p.yaml:7:5: unknown key `Method` in a cloud target\nhint: did you mean `method`?"),
        BadFile(
            "null", PipelineTexts.with(target: "  - cloud: b\n    image: { ~: a }"),
            "p.yaml:7:14: a key of `image` is not text\nhint: quote the key if it is meant as text"),
        BadFile(
            "taken in and unknown",
            PipelineTexts.withURL(
                "    image: &a { properties: { x: y } }\n  - file: b.iso\n    image: { <<: *a, nam: b }"
            ),
            "p.yaml:7:22: unknown key `nam` in the `image` of a source\nhint: did you mean `name`?"),
        BadFile(
            "merged from a value that is not a mapping", PipelineTexts.withURL("    <<: 1"),
            "p.yaml:5:9: `<<` must be a mapping, but this is \"1\""),
    ]

    @Test("with an unknown key are refused with its place and a suggestion", arguments: files)
    func told(file: BadFile) throws {
        let error = try #require(refusal(file.text))
        #expect(error.code == .invalidPipeline)
        #expect("\(error)" == file.message)
    }

    @Test("may be anchored, aliased and merged; their own keys win")
    func anchors() throws {
        let pipeline = try parse(
            PipelineTexts.with(
                source: """
                      - url: https://a.example/one.iso
                        image: &one { name: one, tags: [a], properties: &p { x: "1", y: "2" } }
                      - url: https://a.example/two.iso
                        image: { <<: *one, name: two, properties: { <<: *p, y: "3" } }
                      - url: https://a.example/three.iso
                        image: { <<: [{ name: three }, *one] }
                      - url: https://a.example/four.iso
                        series: four
                        image: *one
                    """))
        let images = pipeline.sources.compactMap { source in
            if case .url(let source) = source { source.image } else { nil }
        }
        #expect(images.map(\.name.text) == ["one", "two", "three", "one"])
        #expect(images.allSatisfy { $0.tags == ["a"] })
        #expect(images.map { $0.properties["y"] } == ["2", "3", "2", "2"])
        #expect(images[1].properties == ["x": "1", "y": "3"])
    }
}
