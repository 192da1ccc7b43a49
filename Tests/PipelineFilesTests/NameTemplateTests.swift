// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import PipelineFiles
import Testing

@Suite("NameTemplate")
struct NameTemplateTests {
    private let values = PlaceholderValues(
        name: "Ubuntu", id: "6f1c", stem: "noble", date: "2026-11-21", version: "3",
        checksum: "0123456789abcdef")

    private func template(_ text: String) throws -> NameTemplate {
        try cloudTarget(
            PipelineTexts.with(target: "  - cloud: beta\n    image:\n      name: '\(text)'")
        ).rules.image.name
    }

    @Test(
        "placeholders are put in and two braces stand for one",
        arguments: [
            ("{name}", "Ubuntu"), ("{name}-{date}", "Ubuntu-2026-11-21"), ("x", "x"),
            ("{stem} v{version} ({id})", "noble v3 (6f1c)"), ("{checksum:8}", "01234567"),
            ("{checksum}", "0123456789abcdef"), ("{checksum:99}", "0123456789abcdef"),
            ("{{name}", "{name}"), ("{{{name}}", "{Ubuntu}"), ("a}b", "a}b"), ("{{", "{"),
        ])
    func rendering(text: String, expected: String) throws {
        #expect(try template(text).render(values) == expected)
    }

    @Test(
        "braces in the value of a variable are part of the name",
        arguments: [
            ("${X}", "{HOME}"), ("${X} {stem}", "{HOME} noble"), ("${Y:-{name}}", "Ubuntu"),
            ("${Z}", "{{id}"), ("{{${X}", "{{HOME}"),
        ])
    func variables(text: String, expected: String) throws {
        let file = PipelineTexts.with(
            target: "  - cloud: beta\n    image:\n      name: '\(text)'")
        guard
            case .cloud(let target) = try parse(file, ["X": "{HOME}", "Z": "{{id}"]).targets[0]
        else { throw Missing(what: "cloud target") }
        #expect(try target.rules.image.name.render(values) == expected)
    }

    @Test("a value is put in as it is and not rendered again")
    func valuesAreNotTemplates() throws {
        let values = PlaceholderValues(name: "{id} {{")
        #expect(try template("{name}").render(values) == "{id} {{")
    }

    @Test("a placeholder without a value is refused with the place of the name")
    func missingValue() throws {
        let template = try template("{name} {version}")
        #expect(template.placeholders == [.name, .version])
        let error = #expect(throws: TranshipError.self) {
            try template.render(PlaceholderValues(name: "x"))
        }
        #expect(
            error.map { "\($0)" } == """
                p.yaml:8:13: "{name} {version}" uses {version}, which has no value for this image
                hint: remove {version} from the name
                """)
    }
}
