// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import MigrationModel
import TestSupport
import Testing

@testable import PipelineFiles
@testable import Planning

/// Writes `docs/metadata.md` from the rules that the planner applies: `TRANSHIP_WRITE_DOCS=1 swift
/// test --filter MetadataPageTests`.
@Suite struct MetadataPageTests {
    private static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../docs/metadata.md").standardizedFileURL

    private static var rows: [(property: String, rule: String, why: String)] {
        var rows = MetadataRules.droppedKeys.map { ("`\($0.key)`", "left out", $0.value) }
        rows.append(("`\(MetadataRules.droppedPrefix)*`", "left out", "reserved by the service"))
        rows.append(
            ("`\(Origin.propertyName)`", "replaced", "marks a copy of ours at its own cloud"))
        for key in MetadataRules.referenceKeys {
            rows.append(
                (
                    "`\(key)`", "the id of that image's copy",
                    "the image is copied first; if it is not at the source, the plan refuses the "
                        + "image that names it"
                ))
        }
        for key in MetadataRules.encryptionKeys {
            rows.append(
                ("`\(key)`", "the image is refused", "its key is in the source's key manager"))
        }
        for key in MetadataRules.signatureKeys {
            rows.append(
                (
                    "`\(key)`", "the image is refused, unless `properties: { drop }` drops it",
                    "the certificate is in the source's key manager"
                ))
        }
        for key in MetadataRules.volumeKeys {
            rows.append(
                (
                    "`\(key)`, of an image without data", "the image is refused",
                    "the image is a volume snapshot: the data is in the volume"
                ))
        }
        return rows.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
    }

    private static var page: String {
        """
        # Metadata

        What becomes of each property of an image on its way to another cloud. Written by `make docs` from the rules that the planner applies. Base fields
        are in [Migrating](migrating.md#what-is-copied). Properties that are not in the table are copied unchanged, then changed by the target's
        [`image.properties`](pipeline-format.md#targets). The plan lists as a note each property that it leaves out.

        | property | at the target | why |
        |---|---|---|

        """ + rows.map { "| \($0.property) | \($0.rule) | \($0.why) |\n" }.joined()
    }

    @Test func `The page of metadata has the rules that are applied`() throws {
        if ProcessInfo.processInfo.environment["TRANSHIP_WRITE_DOCS"] == "1" {
            try Data(Self.page.utf8).write(to: Self.file)
        }
        let written = try String(contentsOf: Self.file, encoding: .utf8)
        #expect(written == Self.page, "docs/metadata.md is stale: run `make docs`")
    }

    /// The rules really do what the table says.
    @Test(arguments: MetadataRules.encryptionKeys + MetadataRules.signatureKeys)
    func `An image with such a property is refused`(key: String) {
        let source = Sample.source(properties: [key: "x"])
        #expect(MetadataRules.refusal(source, dropping: PropertyRules()) != nil)
        let dropping = PropertyRules(drop: [Glob("img_signature*")])
        let isSignature = MetadataRules.signatureKeys.contains(key)
        #expect((MetadataRules.refusal(source, dropping: dropping) == nil) == isSignature)
    }
}
