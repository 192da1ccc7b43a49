// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PipelineFiles

@Suite("EnvironmentText")
struct EnvironmentTextTests {
    private static let environment = ["A": "one", "EMPTY": "", "SIGN": "${A} $$ {x}"]

    @Test(
        "variables, defaults and dollar signs",
        arguments: [
            ("plain", "plain"), ("${A}", "one"), ("x${A}y${A}", "xoneyone"), ("$${A}", "${A}"),
            ("$$", "$"), ("a$b$", "a$b$"), ("${B:-two}", "two"), ("${A:-two}", "one"),
            ("${EMPTY}", ""), ("${EMPTY:-two}", "two"), ("${B:-}", ""),
            ("${B:-{stem}-x}", "{stem}-x"), ("${B:-a$$b}", "a$b"), ("${SIGN}", "${A} $$ {x}"),
            ("${B:-a:-b}", "a:-b"),
        ])
    func expanding(text: String, expected: String) throws {
        #expect(try EnvironmentText.expand(text, Self.environment) == expected)
    }

    @Test(
        "what cannot be expanded is told apart",
        arguments: [
            ("${B}", .missing("B")), ("${", .unclosed), ("${B:-{}", .unclosed),
            ("${a-b}", .badName("a-b")), ("${}", .badName("")), ("${1A}", .badName("1A")),
            ("${B:-${A}}", .nested),
        ] as [(String, EnvironmentText.Failure)])
    func failing(text: String, failure: EnvironmentText.Failure) {
        #expect(throws: failure) { try EnvironmentText.expand(text, Self.environment) }
    }
}
