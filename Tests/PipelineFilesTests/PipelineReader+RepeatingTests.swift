// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import PipelineFiles

@Suite struct PipelineReaderRepeatingTests {
    /// Mistakes in lines that hold a secret, `hunter2`.
    private static let mistakes = [
        "    headers: { X-Key: @hunter2 }", "    headers: { X-Key: *hunter2 }",
        "    headers: { name: @hunter2 }", "    headers:\n      name: @hunter2",
        "    headers:\n      X-Key: %hunter2", "    headers:\n    X-Key: @hunter2",
        "    headers:\n      X-Key: `hunter2`", "    headers:\n      - @hunter2",
        "    headers: &a { X: y }\n    auth: *hunter2", "    auth: @hunter2",
        "    auth: [hunter2", "    auth: joe:hunter2", "    auth: { joe: hunter2 }",
        "    headers: \"X-Key: hunter2\"", "    headers: X-Key:hunter2",
        "    headers: { X-Key:hunter2 }", "    headers: { \"X-Key: hunter2\": x }",
        "    headers: { X-Key: \"${hunter2!}\" }", "    headers: { X-Key: [hunter2] }",
        "    headers: { X-Key: !!int hunter2 }", "    headers: { X-Key: !hunter2 }",
        "    headers: { X-Key: {hunter2} }",
        "    headers: { X-Key: {hunter2}-x }", "    headers:\n      X-Key: [a] hunter2",
        "    headers:\n      X-Key: a: hunter2", "    headers: { X-Key: \"hunter2\\n\" }",
        "    headers: { X-Key: \"hunter2 }", "    headers: { Host: hunter2 }",
        "    checksum_file: https://joe:hunter2@m.example/S", "    checksum_file: @hunter2",
        "    checksum_file: https://joe:a/hunter2@m.example/S",
        "    checksum_file: https://m.example/\"${hunter2!}", "  - url: ftp://joe:hunter2@m/a",
        "  - url: joe:hunter2", "  - url: [hunter2]", "  - url: https://m/a b?sig=hunter2",
    ]

    /// The same for lines of the root of the file.
    private static let hooks = [
        "hooks: { on_success: notify --token=hunter2 }", "hooks: notify --token=hunter2",
        "hooks: @hunter2", "hooks:\n  on_success: @hunter2", "hooks:\n  on_success:\n  - @hunter2",
        "hooks: { on_success: [notify, '${hunter2 x}'] }", "hooks: { on_failure: ['~/n hunter2'] }",
        "hooks: { on_failure: [notify, !hunter2] }", "hooks: { on_failure: [notify, [hunter2]] }",
        "journal: https://joe:hunter2@m.example", "limits: https://m.example/?sig=hunter2",
        "transfer: 'https://joe:a/hunter2@m.example'",
    ]

    @Test("no message repeats a word of a hook or what is secret of an address", arguments: hooks)
    func toldOfTheRoot(lines: String) throws {
        let error = try #require(refusal(PipelineTexts.withURL("") + "\n" + lines + "\n"))
        #expect(error.message.firstMatch(of: /^p\.yaml:[0-9]+:[0-9]+: ./) != nil)
        #expect(!"\(error)".contains("hunter2"), "\(error)")
    }

    @Test("no message repeats a secret", arguments: mistakes)
    func told(lines: String) throws {
        let error = try #require(refusal(PipelineTexts.withURL(lines)))
        #expect(error.message.firstMatch(of: /^p\.yaml:[0-9]+:[0-9]+: ./) != nil)
        #expect(!"\(error)".contains("hunter2"), "\(error)")
    }
}
