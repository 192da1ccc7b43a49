// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationModel
import Testing

@testable import PipelineFiles

/// Returns the name in the schema of the mapping with these keys: `urlSource` for `URLSourceKey`.
private func definition<Key: PipelineKey>(of _: Key.Type) -> String {
    let name = "\(Key.self)".replacing("RootKey", with: "Key").replacing("URL", with: "Url")
        .dropLast("Key".count)
    return name.prefix(1).lowercased() + name.dropFirst()
}

/// Compares `pipelines/schema.json` with the parser: an editor must accept exactly what the parser
/// accepts.
@Suite("The schema and the parser")
struct PipelineKeysTests {
    private static func file(_ path: String) throws -> Data {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return try Data(contentsOf: root.appendingPathComponent(path))
    }

    private static func schema() throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: file("pipelines/schema.json"))
    }

    /// The keys by the name of the definition.
    private static let parserKeys: [String: [String]] = {
        func keys<Key: PipelineKey>(_: Key.Type) -> (String, [String]) {
            (definition(of: Key.self), Key.allCases.map(\.rawValue).sorted())
        }
        return Dictionary(uniqueKeysWithValues: [
            keys(PipelineRootKey.self), keys(CloudSourceKey.self), keys(URLSourceKey.self),
            keys(SimplestreamsSourceKey.self), keys(FileSourceKey.self),
            keys(ArchiveSourceKey.self), keys(SelectionKey.self),
            keys(SizeKey.self), keys(ImageKey.self), keys(SeriesKey.self),
            keys(CloudTargetKey.self), keys(ArchiveTargetKey.self), keys(TargetImageKey.self),
            keys(PropertyRulesKey.self), keys(TagRulesKey.self), keys(ExpiredKey.self),
            keys(SourceLimitsKey.self), keys(TargetLimitsKey.self), keys(LimitsKey.self),
            keys(BandwidthWindowKey.self), keys(SpoolKey.self), keys(HooksKey.self),
            keys(JournalKey.self),
        ])
    }()

    @Test("know the same mappings with the same keys")
    func keys() throws {
        let schema = try Self.schema()
        var schemaKeys = ["pipeline": try #require(schema["properties"]?.object).keys.sorted()]
        for (name, definition) in try #require(schema["$defs"]?.object) {
            guard let properties = definition["properties"]?.object else { continue }
            #expect(definition["additionalProperties"] == .bool(false), "\(name)")
            schemaKeys[name] = properties.keys.sorted()
        }
        #expect(schema["additionalProperties"] == .bool(false))
        #expect(schemaKeys == Self.parserKeys)
    }

    @Test("know the same words for each key that takes one of a few")
    func words() throws {
        func words<Choice: CaseIterable & RawRepresentable<String>>(_: Choice.Type) -> [String] {
            Choice.allCases.map(\.rawValue).sorted()
        }
        let flags = ["false", "true"]
        let rule = ["false", "keep", "true"]
        let interfaces = ["admin", "internal", "public"]
        let expected: [String: [String]] = [
            "pipeline.transfer": words(TransferMode.self),
            "pipeline.verify": words(VerificationMode.self),
            "pipeline.order": words(TransferOrder.self),
            "cloudSource.interface": interfaces, "cloudTarget.interface": interfaces,
            "selection.visibility": words(ImageVisibility.self),
            "selection.status": PipelineReader.statuses.sorted(),
            "selection.hidden": ["any", "false", "true"],
            "selection.snapshots": words(ImageSelection.Snapshots.self),
            "urlSource.decompress": words(DecompressSetting.self),
            "simplestreamsSource.decompress": words(DecompressSetting.self),
            "simplestreamsSource.convert": (words(Conversion.Format.self) + ["none"]).sorted(),
            "fileSource.decompress": words(DecompressSetting.self),
            "urlSource.convert": (words(Conversion.Format.self) + ["none"]).sorted(),
            "fileSource.convert": (words(Conversion.Format.self) + ["none"]).sorted(),
            "pipeline.allow_empty": flags, "series.several": flags, "image.protected": flags,
            "image.hidden": flags,
            "image.visibility": words(ImageVisibility.self),
            "cloudTarget.method": (words(UploadMethod.self) + ["auto"]).sorted(),
            "cloudTarget.on_conflict": words(OnConflict.self),
            "cloudTarget.previous": words(PreviousVersions.self),
            "archiveTarget.on_conflict": words(OnConflict.self),
            "archiveTarget.previous": words(PreviousVersions.self),
            "cloudTarget.accept_transformed": flags,
            "cloudTarget.all_stores_must_succeed": flags,
            "targetImage.visibility": (words(ImageVisibility.self) + ["keep"]).sorted(),
            "targetImage.protected": rule, "targetImage.hidden": rule,
            "targetImage.keep_id": (words(PlannedRecord.KeptID.self) + ["false"]).sorted(),
            "targetImage.members": words(MemberRule.self), "targetImage.owner": ["projects"],
            "expired.action": words(ExpiredVersions.Action.self),
        ]
        let schema = try Self.schema()
        var found: [String: [String]] = [:]
        var places = try #require(schema["$defs"]?.object)
        places["pipeline"] = schema
        for (place, definition) in places {
            for (key, value) in definition["properties"]?.object ?? [:] {
                let words = Self.words(in: value)
                if !words.isEmpty { found["\(place).\(key)"] = words.sorted() }
            }
        }
        #expect(found == expected)
    }

    /// Returns the strings of an `enum` anywhere in a property.
    private static func words(in value: JSONValue) -> Set<String> {
        switch value {
        case .object(let members):
            members.reduce(into: []) { words, member in
                if member.key == "enum" {
                    words.formUnion(member.value.array?.compactMap(\.string) ?? [])
                    // The version's only value is a number.
                    words.remove("1")
                } else if member.key != "examples" {
                    words.formUnion(Self.words(in: member.value))
                }
            }
        case .array(let values): values.reduce(into: []) { $0.formUnion(Self.words(in: $1)) }
        default: []
        }
    }

    private static func everyKey() -> [BadFile] {
        func lines<Key: PipelineKey>(_: Key.Type, _ place: (String) -> String) -> [BadFile] {
            Key.allCases.map {
                BadFile(
                    "\(definition(of: Key.self)).\($0.rawValue)", place("\($0.rawValue): [[]]"), "")
            }
        }
        /// Returns an entry. Its own key stays right unless that is the key under test.
        func entry(_ own: String, _ line: String) -> String {
            let key = own.prefix { $0 != ":" }
            return line.hasPrefix("\(key):") ? "  - \(line)" : "  - \(own)\n    \(line)"
        }
        let texts = PipelineTexts.self
        func source(_ own: String) -> (String) -> String {
            { texts.with(source: entry(own, $0)) }
        }
        func target(_ before: String, _ after: String = "") -> (String) -> String {
            { texts.with(target: "  - cloud: beta\n    \(before){ \($0)\(after) }") }
        }
        return lines(CloudSourceKey.self, source("cloud: a"))
            + lines(URLSourceKey.self, source("url: https://a.example/b.iso"))
            + lines(
                SimplestreamsSourceKey.self, source("simplestreams: https://a.example/i.json"))
            + lines(FileSourceKey.self, source("file: b.iso"))
            + lines(ArchiveSourceKey.self, source("archive: b"))
            + lines(SourceLimitsKey.self) {
                texts.with(source: "  - file: b.iso\n    limits: { \($0) }")
            }
            + lines(CloudTargetKey.self) { texts.with(target: entry("cloud: a", $0)) }
            + lines(ArchiveTargetKey.self) { texts.with(target: entry("archive: a", $0)) }
            + lines(SelectionKey.self) { texts.with(source: "  - cloud: a\n    images: { \($0) }") }
            + lines(SelectionKey.self) {
                texts.with(source: "  - cloud: a\n    exclude: { \($0) }")
            }
            + lines(SizeKey.self) {
                texts.with(source: "  - cloud: a\n    images: { size: { \($0) } }")
            }
            + lines(ImageKey.self) { texts.withURL("    image: { \($0) }") }
            + lines(ImageKey.self) { texts.with(source: "  - archive: a\n    image: { \($0) }") }
            + lines(SeriesKey.self) {
                texts.withURL("    series: { \($0)\($0.hasPrefix("name") ? "" : ", name: a") }")
            }
            + lines(TargetImageKey.self, target("image: "))
            + lines(PropertyRulesKey.self, target("image: { properties: ", "}"))
            + lines(TagRulesKey.self, target("image: { tags: ", "}"))
            + lines(TargetLimitsKey.self, target("limits: "))
            + lines(ExpiredKey.self) {
                let action = $0.hasPrefix("action") ? "" : ", action: hide"
                return texts.with(target: "  - cloud: a\n    expired: { \($0)\(action) }")
            }
            + lines(LimitsKey.self) { texts.with(more: "limits: { \($0) }") }
            + lines(BandwidthWindowKey.self) {
                texts.with(more: "limits: { bandwidth: [{ \($0) }] }")
            }
            + lines(HooksKey.self) { texts.with(more: "hooks: { \($0) }") }
            + lines(JournalKey.self) { texts.with(more: "journal: { \($0) }") }
            + lines(SpoolKey.self) {
                texts.with(more: "spool: { \($0)\($0.hasPrefix("path") ? "" : ", path: a") }")
            }
            + lines(PipelineRootKey.self) { line in
                let key = line.prefix { $0 != ":" }
                let rest = texts.with().replacing(
                    "sources:\n  - cloud: alpha", with: "sources: [{cloud: a}]"
                )
                .replacing("targets:\n  - cloud: beta", with: "targets: [{cloud: b}]")
                let kept = rest.split(separator: "\n").filter { !$0.hasPrefix("\(key):") }
                return kept.joined(separator: "\n") + "\n\(line)\n"
            }
    }

    /// No key accepts a list of lists, so a key without an error is never read.
    @Test("no key that is known goes unread", arguments: everyKey())
    func read(file: BadFile) throws {
        let error = try #require(refusal(file.text))
        #expect(error.code == .invalidPipeline)
        #expect(!error.message.contains("unknown key"), "\(error)")
        #expect(error.message.contains("list") || error.message.contains("mapping"), "\(error)")
    }

    @Test("agree with the reference in docs: every key")
    func reference() throws {
        let text = String(decoding: try Self.file("docs/pipeline-format.md"), as: UTF8.self)
        let words = Set(text.matches(of: /[`{ ,]([a-z_]+)[`} ,]/).map { String($0.1) })
        for (definition, keys) in Self.parserKeys {
            for key in keys { #expect(words.contains(key), "\(definition).\(key)") }
        }
    }

    /// Each example must be a whole file or a part that fits into the smallest one.
    @Test("agree with the examples in docs")
    func examples() throws {
        let text = String(decoding: try Self.file("docs/pipeline-format.md"), as: UTF8.self)
        let blocks = text.matches(of: /```yaml\n((?:[^`]|`[^`])*)```/).map { String($0.1) }
            .filter { !$0.hasPrefix("#") }
        #expect(blocks.count == 14)
        for block in blocks {
            let file: String
            if block.hasPrefix("version") {
                file = block
            } else if block.hasPrefix("sources") {
                file = "version: 1\nname: a\n\(block)targets:\n  - cloud: beta\n"
            } else if block.hasPrefix("limits") {
                file = PipelineTexts.with(more: block)
            } else {
                file = "version: 1\nname: a\nsources:\n  - cloud: alpha\n\(block)"
            }
            #expect(refusal(file).map { "\($0)" } == nil)
        }
    }
}
