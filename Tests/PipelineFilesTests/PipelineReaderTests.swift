// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import Testing

@testable import PipelineFiles

@Suite("UnbuiltKey")
struct UnbuiltKeyTests {
    private static func target(_ line: String) -> String {
        PipelineTexts.with(target: "  - cloud: beta\n    \(line)")
    }

    /// Delete a line here when you delete its row.
    private static let uses: [BadFile] = [
        BadFile(
            "`archive` sources are", PipelineTexts.with(source: "  - archive: ./export"),
            "p.yaml:4:5: "),
        BadFile(
            "`archive` targets are", PipelineTexts.with(target: "  - archive: ./export"),
            "p.yaml:6:5: "),
    ]

    @Test("a key that is documented but not built is refused, not ignored", arguments: uses)
    func refused(use: BadFile) throws {
        let error = try #require(refusal(use.text))
        #expect(error.code == .notBuiltYet)
        #expect(ExitStatus(error.code) == .usage)
        #expect(
            "\(error)" == """
                \(use.message)\(use.title) not built yet
                hint: remove it for now; docs/pipeline-format.md lists what is not built yet
                """)
    }

    @Test("each row of the table has its test")
    func complete() {
        #expect(UnbuiltKey.all.map(\.words).sorted() == Self.uses.map(\.title).sorted())
    }

    @Test("the other values of the same keys are accepted")
    func built() {
        let target = Self.target
        let texts = [
            target("method: auto"), target("method: upload"), target("method: glance-direct"),
            target("method: web-download"), target("method: glance-download"),
            target("stores: all"), target("stores: [a, b]"),
            target("image: { owner: { a: b } }"), target("accept_transformed: true"),
            target("all_stores_must_succeed: false"), target("limits: { images: 2 }"),
            PipelineTexts.with(more: "verify: services"),
            PipelineTexts.with(more: "verify: paranoid"), target("stores: fast"),
            target("stores: [fast]"), target("image: { keep_id: false }"),
            target("on_conflict: keep-both"), target("on_conflict: skip"),
            target("on_conflict: update"), target("on_conflict: replace"),
            target("on_conflict: rename"), target("on_conflict: fail"), target("keep: 2"),
            target("previous: hide"), target("expired: { action: leave }"),
            target("accept_transformed: false"), target("image: { members: map }"),
            PipelineTexts.withURL("    series: { name: a, several: false }"),
            PipelineTexts.withURL("    series: { name: a, several: true }"),
            PipelineTexts.with(more: "transfer: auto"),
            PipelineTexts.with(more: "transfer: stream"),
            PipelineTexts.with(more: "transfer: spool"),
            PipelineTexts.with(more: "spool: /var/tmp"),
            PipelineTexts.with(more: "verify: proof"),
            PipelineTexts.withURL("    auth: netrc\n    cacert: ca.pem\n    headers: { X-A: b }"),
        ]
        for text in texts { #expect(refusal(text).map { "\($0)" } == nil) }
    }

    @Test("several are listed together, in the order of the file, each once")
    func several() throws {
        let error = try #require(
            refusal(
                PipelineTexts.with(
                    source: "  - archive: ./b", target: "  - cloud: beta\n  - archive: ./a")))
        #expect(
            "\(error)" == """
                p.yaml:4:5: `archive` sources are not built yet
                hint: also not built yet: `archive` targets (line 7)
                """)
    }

    @Test("a mistake is reported before keys that are not built")
    func mistakesFirst() throws {
        let error = try #require(
            refusal(
                PipelineTexts.with(
                    source: "  - archive: ./b", target: "  - cloud: beta\n    zzz: 1")))
        #expect(error.code == .invalidPipeline)
        #expect(error.message == "p.yaml:7:5: unknown key `zzz` in a cloud target")
    }
}
