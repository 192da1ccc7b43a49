// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import Testing

@testable import PipelineFiles

@Suite("PipelineReader")
struct PipelineReaderTests {
    private static func target(_ line: String) -> String {
        PipelineTexts.with(target: "  - cloud: beta\n    \(line)")
    }

    @Test("every documented key and value is built")
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
            PipelineTexts.with(source: "  - archive: ./export"),
            PipelineTexts.with(target: "  - archive: ./export"), target("on_conflict: rename"),
            target("on_conflict: fail"), target("keep: 2"),
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
}
